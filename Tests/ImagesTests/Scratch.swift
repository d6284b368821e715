import CLinux
import Glibc
import IO

/// A directory of a test's own, gone with it.
final class Scratch: Sendable {
    let path: String

    init() throws { path = try Directory.temporary("/tmp/fi.") }

    deinit {
        do { try Directory.remove(path) } catch { print("left behind: \(path): \(error)") }
    }

    func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

    func write(_ name: String, _ text: String) throws {
        try Directory.make(FileIO.parent(self(name)))
        try AtomicFile.write(Array(text.utf8), to: self(name))
    }
}

let isRoot = getuid() == 0

/// Every path below a directory.
func paths(_ directory: String) throws -> [String] { try Directory.walk(directory).map(\.name) }
