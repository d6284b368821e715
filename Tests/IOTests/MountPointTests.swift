import Glibc
import Processes
import TestSupport
import Testing

@testable import IO

struct MountPointTests {
    private static let table = #"""
        21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
        30 21 0:25 / /var rw,nosuid,noexec shared:2 - tmpfs tmpfs rw
        31 30 0:26 / /var/lib\040x rw,nodev - tmpfs tmpfs rw
        32 30 0:27 / /var/lib\040x ro - tmpfs tmpfs rw
        33 21 0:28 / /va rw - tmpfs tmpfs rw
        short line
        """#

    @Test(
        "The mount that holds a path is the deepest above it, and of two the later",
        arguments: [
            ("/", "/", ["rw", "relatime"]), ("/variable", "/", ["rw", "relatime"]),
            ("/var", "/var", ["rw", "nosuid", "noexec"]), ("/var/lib", "/var", ["rw", "nosuid", "noexec"]),
            ("/var/lib x/trees", "/var/lib x", ["ro"]), ("/va/x", "/va", ["rw"]),
        ] as [(String, String, [String])])
    func table(path: String, place: String, options: [String]) {
        #expect(MountPoint.holding(path, in: Self.table) == MountPoint(path: place, options: options))
    }

    @Test("A table without the root holds nothing")
    func empty() {
        #expect(MountPoint.holding("/x", in: "") == nil)
    }

    @Test("A mount of this machine is found through a link", .enabled(if: geteuid() == 0, "mounts tmpfs: needs root"))
    func real() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("a place")
        try Directory.make(path)
        try await Command("mount", ["-t", "tmpfs", "-o", "size=1m,noexec", "tmpfs", path])
            .runSuccessfully(until: .in(.seconds(20)))
        defer { umount2(path, Int32(MNT_DETACH)) }
        try Directory.make(path + "/inside")
        #expect(symlink(path + "/inside", folder.file("link")) == 0)
        let mount = try MountPoint.holding(folder.file("link"))
        #expect(mount?.path == path && mount?.options.contains("noexec") == true, "\(String(describing: mount))")
        #expect(throws: IOError.self) { try MountPoint.holding(folder.file("none")) }
    }
}
