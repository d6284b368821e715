import Archive
import CLinux
import Crypto
import Glibc
import IO
import TestSupport
import Testing

@Suite struct RoundTripTests {
    let scratch: Scratch
    let tree: SampleTree

    init() throws {
        scratch = try Scratch()
        tree = SampleTree(root: try scratch.directory("tree"))
        try tree.fill()
    }

    @Test func aTreeOfAnOrdinaryUserComesBackEqual() async throws {
        let written = try await LayerWriter(tree: tree.root).write(to: scratch.file("blob"))
        let target = try scratch.directory("again")
        let read = try await LayerUnpacker(.init(form: .overlay, diffID: written.diffID, digest: written.digest))
            .unpack(scratch.file("blob"), into: target)
        #expect(try TreeSnapshot(target).differences(from: TreeSnapshot(tree.root)) == [])
        #expect(read.tarSize == written.tarSize)
        #expect(read.size == written.size)
        #expect(read.entries == written.entries)
    }

    @Test(.enabled(if: isRoot, "makes device nodes and sets capabilities: needs root"))
    func aTreeOfRootComesBackEqual() async throws {
        try tree.fillAsRoot()
        let written = try await LayerWriter(tree: tree.root).write(to: scratch.file("blob"))
        let target = try scratch.directory("again")
        _ = try await LayerUnpacker(.init(form: .overlay, devices: true, diffID: written.diffID))
            .unpack(scratch.file("blob"), into: target)
        #expect(try TreeSnapshot(target).differences(from: TreeSnapshot(tree.root)) == [])
    }

    /// Kept layers are found by keys, not by their bytes: other bytes of the same tree need another `LayerWriter.revision`.
    /// Whoever changes this digest raises that in the same commit.
    @Test(.enabled(if: isRoot, "makes device nodes and sets capabilities: needs root"))
    func theBytesOfATreeAreThoseOfTheRevision() async throws {
        try tree.fillAsRoot()
        let options = LayerWriter.Options(latestTime: 1_700_000_000)
        let written = try await LayerWriter(tree: tree.root, options: options).write(to: scratch.file("blob"))
        #expect(LayerWriter.revision == "2")
        let pinned = "395723c73e3320d3fef72a1197ea7e78cbc6c323ba47e9addf1938fe69c7ad87"
        #expect(Hexadecimal.encode(written.diffID) == pinned)
    }

    @Test func holesComeBackAsHoles() async throws {
        _ = try await LayerWriter(tree: tree.root).write(to: scratch.file("blob"))
        let target = try scratch.directory("again")
        _ = try await LayerUnpacker(.init(form: .overlay)).unpack(scratch.file("blob"), into: target)
        var facts = stat()
        #expect(stat(target + "/var/sparse", &facts) == 0)
        #expect(facts.st_size == 9_000_000)
        #expect(facts.st_blocks * 512 < 100_000)
    }

    @Test func theSameTreeGivesTheSameBytesWhateverTheThreadsAndThePlace() async throws {
        let other = SampleTree(root: try scratch.directory("other"))
        try other.fill()
        let options = LayerWriter.Options(latestTime: 1_650_000_000, threads: 1)
        let more = LayerWriter.Options(latestTime: 1_650_000_000, threads: 3)
        let first = try await LayerWriter(tree: tree.root, options: options).write(to: scratch.file("1"))
        let second = try await LayerWriter(tree: other.root, options: more).write(to: scratch.file("2"))
        #expect(first == second)
        #expect(try FileIO.read(scratch.file("1"), limit: 1 << 24) == FileIO.read(scratch.file("2"), limit: 1 << 24))
    }

    @Test func noTimeIsLaterThanAllowedAndEarlierOnesStay() async throws {
        let options = LayerWriter.Options(latestTime: 1_650_000_000)
        _ = try await LayerWriter(tree: tree.root, options: options).write(to: scratch.file("blob"))
        let target = try scratch.directory("again")
        _ = try await LayerUnpacker(.init(form: .overlay)).unpack(scratch.file("blob"), into: target)
        let expected = try TreeSnapshot(tree.root, latest: 1_650_000_000)
        #expect(try TreeSnapshot(target).differences(from: expected) == [])
    }

    @Test func aTreeWithClampedTimesIsWhatItsLayerSays() async throws {
        let expected = try TreeSnapshot(tree.root, latest: 1_650_000_000)
        try await TreeTimes.clamp(tree.root, to: 1_650_000_000)
        #expect(try TreeSnapshot(tree.root).differences(from: expected) == [])
    }

    @Test func whatIsExcludedIsLeftOutWithAllBelowIt() async throws {
        let options = LayerWriter.Options(excluded: ["etc/gone", "var"])
        _ = try await LayerWriter(tree: tree.root, options: options).write(to: scratch.file("blob"))
        let target = try scratch.directory("again")
        _ = try await LayerUnpacker(.init(form: .overlay)).unpack(scratch.file("blob"), into: target)
        let names = try TreeSnapshot(target).items.keys.map { String(decoding: $0, as: UTF8.self) }
        #expect(!names.contains { $0.hasPrefix("etc/gone") || $0.hasPrefix("var") })
        #expect(names.contains("etc/keep/a"))
    }

    @Test func aNameThatStandsForADeletionIsRefused() async throws {
        try tree.file("etc/.wh.passwd", "")
        await #expect { try await LayerWriter(tree: tree.root).write(to: scratch.file("blob")) } throws: {
            ($0 as? ArchiveError)?.code == .reserved
        }
        #expect(access(scratch.file("blob"), F_OK) != 0)
    }

    @Test func socketsAreLeftOutAndNamed() async throws {
        let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(listener) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array((tree.root + "/var/socket").utf8)) }
        let bound = withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(bound == 0)
        #expect(try await LayerWriter(tree: tree.root).write(to: scratch.file("blob")).leftOut == ["/var/socket"])
    }

    @Test func aCancelledWriterLeavesNoBlob() async throws {
        let (writer, blob) = (LayerWriter(tree: tree.root), scratch.file("blob"))
        let code = await withTaskGroup(of: ArchiveError.Code?.self) { group in
            group.addTask {
                do throws(ArchiveError) {
                    _ = try await writer.write(to: blob)
                    return nil
                } catch {
                    return error.code
                }
            }
            group.cancelAll()
            return await group.next() ?? nil
        }
        #expect(code == .cancelled)
        #expect(access(blob, F_OK) != 0)
    }
}
