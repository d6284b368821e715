import Glibc
import IO
import TestSupport
import Testing

@testable import Archive

/// What is unpacked does not depend on the umask of who started us.
@Suite struct UmaskTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    @Test(
        "A layer that leaves its directories out is unpacked to the same tree under every umask", arguments: Umask.usual
    )
    func impliedDirectories(mask: mode_t) async throws {
        let tree = try scratch.directory("tree")
        try await Umask.with(mask) {
            let writer = TreeWriter(root: try DirectoryHandle(opening: tree), options: .init(form: .overlay))
            var attributes = FileAttributes()
            (attributes.permissions, attributes.owner, attributes.group) = (0o750, getuid(), getgid())
            try writer.directory(Array("c".utf8), in: [Array("a".utf8), Array("b".utf8)], attributes)
            try writer.finish()
        }
        let modes = try ["a", "a/b", "a/b/c"].map { try FileIO.status("\(tree)/\($0)")?.permissions }
        #expect(modes == [0o755, 0o755, 0o750])
    }
}
