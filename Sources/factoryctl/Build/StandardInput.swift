import Glibc
import IO

/// The standard input, read to its end.
enum StandardInput {
    /// All of it. Read on a thread of its own: a person who types may take long.
    ///
    /// - Throws: `too-large` for more than `limit` bytes, and what read(2) says.
    static func read(limit: Int) async throws(IOError) -> [UInt8] {
        try await OwnThread.run("stdin") { () throws(IOError) -> [UInt8] in
            var bytes: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 64 * 1024)
            while true {
                let count = chunk.withUnsafeMutableBytes { Glibc.read(STDIN_FILENO, $0.baseAddress, $0.count) }
                if count == 0 { return bytes }
                guard count > 0 else {
                    if errno == EINTR { continue }
                    throw IOError(system: errno, "read", "the standard input")
                }
                bytes += chunk.prefix(count)
                guard bytes.count <= limit else {
                    throw IOError(.tooLarge, "the standard input has more than \(limit) bytes")
                }
            }
        }
    }
}
