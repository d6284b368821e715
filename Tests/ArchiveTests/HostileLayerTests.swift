import Archive
import CLinux
import Glibc
import IO
import TestSupport
import Testing

/// Layers that lie, and what becomes of them.
@Suite struct HostileLayerTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let code: ArchiveError.Code
        let make: @Sendable (inout RawTar) -> Void
        init(_ name: String, _ code: ArchiveError.Code, _ make: @escaping @Sendable (inout RawTar) -> Void) {
            testDescription = name
            self.code = code
            self.make = make
        }
    }

    static let cases: [Case] = [
        Case("climbing absolute name", .climbingPath) { $0.add("/../out", content: "x") },
        Case("climbing name", .climbingPath) { $0.add("../out", content: "x") },
        Case("climbing in the middle", .climbingPath) { $0.add("a/../../out", content: "x") },
        Case("climbing at the end", .climbingPath) { $0.add("a/..", type: "5") },
        Case("climbing whiteout", .climbingPath) { $0.add("../.wh.victim") },
        Case("climbing absolute whiteout", .climbingPath) { $0.add("/../.wh.victim") },
        Case("whiteout of the parent by an absolute name", .badName) { $0.add("/.wh...") },
        Case("whiteout of the parent", .badName) { $0.add("a/.wh...") },
        Case("whiteout of itself", .badName) { $0.add("a/.wh..") },
        Case("whiteout of nothing", .badName) { $0.add("a/.wh.") },
        Case("through an absolute link", .pathThroughLink) {
            $0.add("door", type: "2", link: "/tmp")
            $0.add("door/file", content: "x")
        },
        Case("through a relative link", .pathThroughLink) {
            $0.add("door", type: "2", link: "..")
            $0.add("door/file", content: "x")
        },
        Case("directory through a link", .pathThroughLink) {
            $0.add("door", type: "2", link: "../victim")
            $0.add("door/inner", type: "5")
        },
        Case("whiteout through a link", .pathThroughLink) {
            $0.add("door", type: "2", link: "../victim")
            $0.add("door/.wh.file")
        },
        Case("opaque through a link", .pathThroughLink) {
            $0.add("door", type: "2", link: "../victim")
            $0.add("door/.wh..wh..opq")
        },
        Case("through a file", .notADirectory) {
            $0.add("file", content: "x")
            $0.add("file/inner", content: "x")
        },
        Case("hard link out", .climbingPath) { $0.add("h", type: "1", link: "../victim/file") },
        Case("absolute hard link to what is not in the layer", .badHardLink) {
            $0.add("h", type: "1", link: "/etc/passwd")
        },
        Case("absolute hard link that climbs", .climbingPath) { $0.add("h", type: "1", link: "/../victim/file") },
        Case("hard link to the root", .badHardLink) { $0.add("h", type: "1", link: "/") },
        Case("absolute name through a link", .pathThroughLink) {
            $0.add("door", type: "2", link: "../victim")
            $0.add("/door/file", content: "x")
        },
        Case("absolute hard link through a link", .pathThroughLink) {
            $0.add("door", type: "2", link: "../victim")
            $0.add("h", type: "1", link: "/door/file")
        },
        Case("hard link through a link", .pathThroughLink) {
            $0.add("door", type: "2", link: "../victim")
            $0.add("h", type: "1", link: "door/file")
        },
        Case("hard link to nothing", .badHardLink) { $0.add("h", type: "1", link: "missing") },
        Case("hard link to nothing in nothing", .badHardLink) { $0.add("h", type: "1", link: "no/missing") },
        Case("hard link to a directory", .badHardLink) {
            $0.add("d", type: "5")
            $0.add("h", type: "1", link: "d")
        },
        Case("link to nothing at all", .badName) { $0.add("l", type: "2", link: "") },
        Case("link longer than a path", .impossibleEntry) { tar in
            tar.pax("linkpath", [UInt8](repeating: 0x6C, count: 5000))
            tar.add("l", type: "2", link: "x")
        },
        Case("owner beyond Linux", .impossibleEntry) { tar in
            tar.pax("uid", Array("4294967296".utf8))
            tar.add("f", content: "x")
        },
        Case("owner that stands for none", .impossibleEntry) { tar in
            tar.pax("gid", Array("4294967295".utf8))
            tar.add("d", type: "5")
        },
        Case("character device", .deviceNotAllowed) { $0.add("mem", type: "3", major: 1, minor: 1) },
        Case("block device", .deviceNotAllowed) { $0.add("sda", type: "4", major: 8, minor: 0) },
        Case("a file as the root", .badName) { $0.add("./", content: "x") },
        Case("a file as the absolute root", .badName) { $0.add("/", content: "x") },
        Case("deep", .badName) { tar in
            tar.pax("path", Array(String(repeating: "d/", count: 300).utf8))
            tar.add("short", type: "5")
        },
        Case("long", .badName) { tar in
            tar.pax("path", [UInt8](repeating: 0x6C, count: 256))
            tar.add("short", content: "x")
        },
        Case("garbage", .damaged) { $0.pax("path", [0x61]) },
    ]

    let scratch: Scratch

    init() throws {
        scratch = try Scratch()
        _ = try scratch.directory("victim")
        try AtomicFile.write([0x78], to: scratch.file("victim/file"))
    }

    private func unpack(_ bytes: [UInt8], _ options: LayerUnpacker.Options) async throws -> String {
        try AtomicFile.write(bytes, to: scratch.file("blob"))
        let target = try scratch.directory("target")
        _ = try await LayerUnpacker(options).unpack(scratch.file("blob"), into: target)
        return target
    }

    @Test(arguments: cases, [LayerUnpacker.Form.overlay, .applied])
    func isRefusedAndTouchesNothingOutside(_ hostile: Case, _ form: LayerUnpacker.Form) async throws {
        var tar = RawTar()
        hostile.make(&tar)
        let bytes = hostile.code == .damaged ? Array(tar.bytes.dropLast(300)) : tar.whole
        do {
            _ = try await unpack(bytes, .init(form: form, owners: false))
            Issue.record("taken")
        } catch let error as ArchiveError {
            #expect(error.code == hostile.code, "\(error)")
        }
        #expect(try Directory.entries(scratch.path).map(\.name) == ["blob", "target", "victim"])
        #expect(try Directory.entries(scratch.file("victim")).map(\.name) == ["file"])
    }

    @Test(.enabled(if: isRoot, "a device that stands for a deletion: needs root"))
    func theDeviceOfADeletionIsRefused() async throws {
        var tar = RawTar()
        tar.add("passwd", type: "3")
        let bytes = tar.whole
        await #expect { _ = try await unpack(bytes, .init(form: .overlay, devices: true)) } throws: {
            ($0 as? ArchiveError)?.code == .reserved
        }
    }

    @Test func attributesOfOverlayfsAreNotSetAndCounted() async throws {
        var tar = RawTar()
        tar.pax("SCHILY.xattr.trusted.overlay.redirect", Array("/victim".utf8))
        tar.add("d", type: "5")
        try AtomicFile.write(tar.whole, to: scratch.file("blob"))
        let result = try await LayerUnpacker(.init(form: .overlay, owners: false))
            .unpack(scratch.file("blob"), into: scratch.directory("target"))
        #expect(result.ignoredAttributes == ["trusted.overlay.redirect": 1])
        #expect(linux_get_attribute(scratch.file("target/d"), "trusted.overlay.redirect", nil, 0) < 0)
    }

    @Test func aLinkThatPointsOutsideStaysALinkAndIsNotFollowed() async throws {
        var tar = RawTar()
        tar.add("door", type: "2", link: "../victim/file")
        tar.add("door", content: "replaced")
        let target = try await unpack(tar.whole, .init(form: .overlay, owners: false))
        #expect(try FileIO.readText(target + "/door", limit: 100) == "replaced")
        #expect(try FileIO.readText(scratch.file("victim/file"), limit: 100) == "x")
    }

    @Test func moreBytesThanAllowedAreRefused() async throws {
        var tar = RawTar()
        for index in 0..<100 { tar.add("f\(index)", content: String(repeating: "x", count: 1000)) }
        let bytes = tar.whole
        await #expect { _ = try await unpack(bytes, .init(form: .overlay, owners: false, mostBytes: 50_000)) } throws: {
            ($0 as? ArchiveError)?.code == .tooLarge
        }
    }

    @Test func anotherDiffIDIsRefused() async throws {
        var tar = RawTar()
        tar.add("f", content: "x")
        let bytes = tar.whole
        let wrong = [UInt8](repeating: 7, count: 32)
        await #expect { _ = try await unpack(bytes, .init(form: .overlay, owners: false, diffID: wrong)) } throws: {
            ($0 as? ArchiveError)?.code == .wrongDigest
        }
    }

    @Test(arguments: [0, 1, 17, 511, -700, -1])
    func aBlobThatIsCutOffIsRefused(_ length: Int) async throws {
        let tree = SampleTree(root: try scratch.directory("tree"))
        try tree.fill()
        _ = try await LayerWriter(tree: tree.root).write(to: scratch.file("whole"))
        let whole = try FileIO.read(scratch.file("whole"), limit: 1 << 24)
        let bytes = Array(whole.prefix(length < 0 ? whole.count + length : length))
        await #expect { _ = try await unpack(bytes, .init(form: .overlay, owners: false)) } throws: {
            ($0 as? ArchiveError)?.code == .damaged
        }
    }

    @Test func namesInUTF8FromOtherWritersComeOutByteForByte() async throws {
        var tar = RawTar()
        tar.pax("path", Array("ünï/日本".utf8))
        tar.add("x", content: "1")
        tar.pax("linkpath", Array("ünï/日本".utf8))
        tar.add("l", type: "2", link: "x")
        let target = try await unpack(tar.whole, .init(form: .overlay, owners: false))
        #expect(try FileIO.readText(target + "/l", limit: 10) == "1")
        #expect(try Directory.walk(target).map(\.name) == ["l", "ünï", "ünï/日本"])
    }

    @Test(arguments: [LayerUnpacker.Form.overlay, .applied])
    func absoluteNamesAndTargetsAreBelowTheRoot(_ form: LayerUnpacker.Form) async throws {
        var tar = RawTar()
        tar.add("/", type: "5")
        tar.add("/etc/", type: "5")
        tar.add("//etc/x", content: "1")
        tar.add("etc/y", type: "1", link: "/etc/x")
        tar.add("/etc/z", type: "1", link: "//etc/./y")
        let target = try await unpack(tar.whole, .init(form: form, owners: false))
        #expect(try Directory.walk(target).map(\.name) == ["etc", "etc/x", "etc/y", "etc/z"])
        let inodes = try ["x", "y", "z"].map { name in
            var facts = stat()
            try #require(lstat("\(target)/etc/\(name)", &facts) == 0)
            return facts.st_ino
        }
        #expect(Set(inodes).count == 1)
        var root = stat()
        #expect(stat(target, &root) == 0 && root.st_mode & 0o7777 == 0o755)
    }

    @Test func whiteoutsWithAbsoluteNamesDeleteBelowTheRoot() async throws {
        try Directory.make(scratch.file("target/etc/dir"))
        for name in ["etc/old", "etc/keep", "etc/dir/old"] {
            try AtomicFile.write([0x78], to: scratch.file("target/" + name))
        }
        var tar = RawTar()
        tar.add("/etc/.wh.old")
        tar.add("/etc/dir/.wh..wh..opq")
        let target = try await unpack(tar.whole, .init(form: .applied, owners: false))
        #expect(try Directory.walk(target).map(\.name) == ["etc", "etc/dir", "etc/keep"])
    }

    @Test func anEmptyTarIsAnEmptyLayer() async throws {
        let target = try await unpack(RawTar().whole, .init(form: .overlay))
        #expect(try Directory.entries(target).isEmpty)
    }
}
