import Glibc
import IO

/// A directory of a test's own, gone with it.
final class Scratch: Sendable {
    let path: String

    init() throws { path = try Directory.temporary("/tmp/fa.") }

    deinit {
        // A test that failed half way may leave its mount; without this the removal would reach through it.
        for name in ["merged", "again"] { umount2("\(path)/\(name)", Int32(MNT_DETACH)) }
        do { try Directory.remove(path) } catch { print("left behind: \(path): \(error)") }
    }

    /// A new directory in it.
    func directory(_ name: String) throws -> String {
        try Directory.make("\(path)/\(name)")
        return "\(path)/\(name)"
    }

    func file(_ name: String) -> String { "\(path)/\(name)" }
}

let isRoot = getuid() == 0
