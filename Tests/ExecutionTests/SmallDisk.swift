import Glibc
import TestSupport

/// A file system of a given size, in memory; needs root.
final class SmallDisk: Sendable {
    let path: String
    private let folder: TemporaryFolder

    init(kibibytes: Int) throws {
        folder = try TemporaryFolder()
        path = folder.file("disk")
        mkdir(path, 0o755)
        guard mount("none", path, "tmpfs", 0, "size=\(kibibytes)k") == 0 else { throw Failed(errno: errno) }
    }

    deinit { umount2(path, Int32(MNT_DETACH)) }

    struct Failed: Error {
        let errno: Int32
    }
}
