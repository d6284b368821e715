import Glibc
import IO

/// A file system whose disk hangs: every call on a path in it waits until ``release()``. It is one of FUSE that nobody serves
/// (`/dev/fuse`), and needs root.
package final class HungDisk: Sendable {
    private let path: String
    private let server: Descriptor

    /// Whether one can be made here.
    package static var isPossible: Bool { geteuid() == 0 && access("/dev/fuse", R_OK | W_OK) == 0 }

    /// Mounts it over a directory.
    package init(over path: String) throws {
        self.path = path
        server = try FileIO.open("/dev/fuse", O_RDWR)
        let options = "fd=\(server.rawValue),rootmode=40000,user_id=0,group_id=0"
        guard mount("hung", path, "fuse", 0, options) == 0 else { throw IOError(system: errno, "mount", path) }
    }

    deinit { release() }

    /// Lets every call that waits fail (ENOTCONN), and shows the directory again.
    package func release() {
        server.close()
        umount2(path, Int32(MNT_DETACH))
    }
}
