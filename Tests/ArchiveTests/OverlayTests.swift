import Archive
import CLinux
import Glibc
import IO
import TestSupport
import Testing

/// An overlay mount over a sample tree, changed in every way that overlayfs marks.
@Suite(.enabled(if: isRoot, "mounts overlayfs and makes device nodes: needs root"))
struct OverlayTests {
    let scratch: Scratch
    let lower: String
    let upper: String
    let merged: String
    let expected: TreeSnapshot

    init() throws {
        scratch = try Scratch()
        lower = try scratch.directory("lower")
        upper = try scratch.directory("upper")
        merged = try scratch.directory("merged")
        let base = SampleTree(root: lower)
        try base.fill()
        try base.fillAsRoot()
        let options =
            "lowerdir=\(lower),upperdir=\(upper),workdir=\(try scratch.directory("work")),"
            + "volatile,redirect_dir=off,metacopy=off,index=off"
        guard mount("overlay", merged, "overlay", 0, options) == 0 else { throw Obstacle("mount overlay") }
        try Self.change(SampleTree(root: merged))
        expected = try TreeSnapshot(merged)
        // Lazily: a program that another test is just starting may hold a copy of our descriptors until it is executed.
        guard umount2(merged, Int32(MNT_DETACH)) == 0 else { throw Obstacle("umount") }
    }

    private static func change(_ tree: SampleTree) throws {
        try tree.remove("etc/keep/a")
        try tree.remove("etc/gone/deep/file")
        try tree.remove("etc/gone/deep")
        try tree.remove("etc/gone")
        try tree.remove("etc/remade/old")
        try tree.remove("etc/remade")
        try tree.directory("etc/remade", mode: 0o711)
        try tree.file("etc/remade/new", "new")
        try tree.directory("opt")
        try tree.directory("opt/inner")
        try tree.remove("empty")
        try tree.directory("empty")
        try tree.remove("var/ümlaut")
        try tree.file("bin/su", "changed", mode: 0o4711)
        guard rename("\(tree.root)/var/ space ", "\(tree.root)/var/moved") == 0,
            link("\(tree.root)/var/moved", "\(tree.root)/opt/linked") == 0,
            symlink("bin", "\(tree.root)/sbin") == 0
        else { throw Obstacle("rename") }
    }

    private func blobs() async throws -> [String] {
        _ = try await LayerWriter(tree: lower).write(to: scratch.file("1"))
        _ = try await LayerWriter(tree: upper, options: .init(lowers: [lower])).write(to: scratch.file("2"))
        return [scratch.file("1"), scratch.file("2")]
    }

    @Test func anUpperDirectoryUnpackedAsAnOverlayShowsTheSameTree() async throws {
        var directories: [String] = []
        for (index, blob) in try await blobs().enumerated() {
            directories.insert(try scratch.directory("layer\(index)"), at: 0)
            _ = try await LayerUnpacker(.init(form: .overlay, devices: true)).unpack(blob, into: directories[0])
        }
        let again = try scratch.directory("again")
        guard mount("overlay", again, "overlay", UInt(MS_RDONLY), "lowerdir=\(directories.joined(separator: ":"))") == 0
        else {
            throw Obstacle("mount overlay")
        }
        #expect(try TreeSnapshot(again).differences(from: expected) == [])
        #expect(umount2(again, Int32(MNT_DETACH)) == 0)
    }

    @Test func layersAppliedOneOnTheOtherAreTheSameTree() async throws {
        let again = try scratch.directory("again")
        for blob in try await blobs() {
            _ = try await LayerUnpacker(.init(form: .applied, devices: true)).unpack(blob, into: again)
        }
        #expect(try TreeSnapshot(again).differences(from: expected) == [])
    }

    @Test func onlyADirectoryOverAnotherIsMarkedOpaque() async throws {
        _ = try await LayerWriter(tree: upper, options: .init(lowers: [lower])).write(to: scratch.file("2"))
        let plain = try scratch.directory("plain")
        _ = try await LayerUnpacker(.init(form: .overlay)).unpack(scratch.file("2"), into: plain)
        func isOpaque(_ name: String) -> Bool {
            linux_get_attribute("\(plain)/\(name)", "trusted.overlay.opaque", nil, 0) == 1
        }
        #expect(isOpaque("etc/remade"))
        #expect(!isOpaque("opt"))
        #expect(!isOpaque("etc"))
    }

    @Test func aTreeWithARedirectIsRefused() async throws {
        try SampleTree(root: upper).attribute("opt", "trusted.overlay.redirect", Array("/etc".utf8))
        await #expect { try await LayerWriter(tree: upper).write(to: scratch.file("2")) } throws: {
            ($0 as? ArchiveError)?.code == .incompleteTree
        }
    }
}
