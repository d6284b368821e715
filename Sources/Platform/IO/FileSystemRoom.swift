import Glibc

/// How large a file system is, and what of it is left (statvfs(3)), in bytes.
///
/// A file system of the network or of a user may tell any numbers; what does not fit is the largest number.
package struct FileSystemRoom: Sendable, Hashable {
    /// All of it.
    package let total: Int64
    /// What is left for us.
    package let free: Int64

    /// Asks the file system that holds `path`. Blocks for as long as that takes.
    package init(of path: String) throws(IOError) {
        var facts = statvfs()
        while statvfs(path, &facts) != 0 {
            if errno != EINTR { throw IOError(system: errno, "statvfs", path) }
        }
        total = Self.bytes(UInt64(facts.f_blocks), of: UInt64(facts.f_frsize))
        free = Self.bytes(UInt64(facts.f_bavail), of: UInt64(facts.f_frsize))
    }

    /// So many blocks of that size.
    static func bytes(_ blocks: UInt64, of size: UInt64) -> Int64 {
        Int64(clamping: blocks.multipliedSaturated(by: size))
    }
}
