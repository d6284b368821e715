import FoundationEssentials
import Glibc

/// A fresh folder of one test, removed with all that is in it when the last reference goes.
///
/// Its path is short (`/tmp/f.XXXXXX`), so that Unix sockets inside stay under their 107 bytes.
package final class TemporaryFolder: Sendable {
    /// The folder, without a slash at its end.
    package let path: String

    /// Makes the folder, mode 0700.
    package init() throws {
        var template = Array("/tmp/f.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        path = template.withUnsafeBufferPointer { buffer in
            buffer.baseAddress.map { String(cString: $0) } ?? ""
        }
    }

    deinit {
        // What a test left mounted or foreign stays behind; the test that did so has failed already.
        try? FileManager.default.removeItem(atPath: path)
    }

    /// The path of a file in it.
    package func file(_ name: String) -> String { path + "/" + name }
}
