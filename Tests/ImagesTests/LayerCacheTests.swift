import Archive
import FactoryProtocol
import Glibc
import IO
import Testing

@testable import FactoryImages

@Suite struct LayerCacheTests {
    let scratch: Scratch
    let cache: LayerCache
    let key = LayerKey("test", inputs: ["a", "b"])

    init() throws {
        scratch = try Scratch()
        cache = try LayerCache(directory: scratch("trees"))
    }

    private var soon: Deadline { .in(.seconds(20)) }

    private func make(
        _ key: LayerKey, in cache: LayerCache, _ content: String = "x", again: Bool = false
    ) async throws -> CachedLayer {
        guard case .make(let draft) = try await cache.claim(key, again: again, until: soon) else {
            throw ImageError(.busy, .internal, "found, and not to be made")
        }
        try AtomicFile.write(Array(content.utf8), to: draft.tree + "/file")
        let layer = try await LayerWriter(tree: draft.tree).write(to: draft.blob)
        return try await draft.publish(layer, title: "test", notes: ["n": content])
    }

    @Test func inputsDoNotRunIntoOneAnother() {
        #expect(LayerKey("t", inputs: ["ab", "c"]) != LayerKey("t", inputs: ["a", "bc"]))
        #expect(LayerKey("t", inputs: ["a"]).name.hasPrefix("t-"))
    }

    @Test func whatIsPublishedIsFoundByKeyAndByDiffID() async throws {
        #expect(try await cache.find(key, until: soon) == nil)
        let made = try await make(key, in: cache)
        let found = try #require(try await cache.find(key, until: soon))
        #expect(found.facts == made.facts)
        #expect(try FileIO.readText(found.tree + "/file", limit: 10) == "x")
        #expect(found.facts.notes == ["n": "x"])
        let byHash = try #require(try await cache.find(diffID: made.facts.diffID, until: soon))
        #expect(byHash.key == key)
        #expect(try Directory.entries(cache.path(of: key)).map(\.name) == ["blob", "layer.json", "tree"])
    }

    /// Trees hold set-id programs, and devices of images from anywhere.
    @Test func nobodyElseLooksIntoTheTreesAlsoWhereTheDirectoryWasThereBefore() throws {
        let directory = scratch("there")
        try Directory.make(directory, mode: 0o755)
        #expect(chmod(directory, 0o755) == 0)
        _ = try LayerCache(directory: directory)
        #expect(try FileIO.status(directory)?.permissions == 0o700)
    }

    @Test func aLayerIsMadeAgainInItsPlaceAndBesideItWhileOthersUseIt() async throws {
        let first = try await make(key, in: cache, "old")
        let draft = try cache.remake(first)
        try AtomicFile.write(Array("new".utf8), to: draft.tree + "/file")
        let written = try await LayerWriter(tree: draft.tree).write(to: draft.blob)
        let second = try await draft.publish(written, title: "test", notes: [:])
        #expect(second.key == key)
        // Two hold it: the one that is given up, and another.
        let other = try #require(try await cache.find(key, until: soon))
        let beside = try cache.remake(second)
        #expect(beside.key != key)
        try await beside.discard()
        #expect(try FileIO.readText(other.tree + "/file", limit: 10) == "new")
    }

    @Test func twoThatMakeALayerAgainAtOnceDoNotFail() async throws {
        _ = try await make(key, in: cache)
        let (cache, key) = (cache, key)
        let keys = try await withThrowingTaskGroup(of: LayerKey.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    guard case .make(let draft) = try await cache.claim(key, again: true, until: .in(.seconds(20)))
                    else {
                        throw ImageError(.busy, .internal, "found, and not to be made")
                    }
                    try await Poller.shared.sleep(until: .in(.milliseconds(50)))
                    try await draft.discard()
                    return draft.key
                }
            }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(!keys.isEmpty)
    }

    @Test func onlyOneOfManyMakesALayerAndAllGetIt() async throws {
        let (cache, key) = (cache, key)
        let made = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    switch try await cache.claim(key, until: .in(.seconds(20))) {
                    case .found(let layer):
                        #expect(try FileIO.readText(layer.tree + "/file", limit: 10) == "x")
                        return false
                    case .make(let draft):
                        try AtomicFile.write(Array("x".utf8), to: draft.tree + "/file")
                        let layer = try await LayerWriter(tree: draft.tree).write(to: draft.blob)
                        _ = try await draft.publish(layer, title: "test")
                        return true
                    }
                }
            }
            return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(made == 1)
    }

    @Test func aDiscardedDraftLeavesTheKeyFree() async throws {
        guard case .make(let draft) = try await cache.claim(key, until: soon) else {
            Issue.record("found")
            return
        }
        try await draft.discard()
        #expect(try Directory.entries(cache.drafts).isEmpty)
        _ = try await make(key, in: cache)
    }

    @Test func whatAKilledJobLeftIsSwept() async throws {
        try Directory.make(cache.drafts + "/test-dead/tree/deep")
        guard case .make(let draft) = try await cache.claim(key, until: soon) else {
            Issue.record("found")
            return
        }
        try await cache.sweep()
        #expect(try Directory.entries(cache.drafts).map(\.name) == [key.name])
        try await draft.discard()
    }

    @Test func theLongestUnusedGoesFirstAndNoneThatIsInUse() async throws {
        let small = try LayerCache(directory: cache.directory, limit: 1)
        let keys = (0..<3).map { LayerKey("test", inputs: ["\($0)"]) }
        var held: [CachedLayer] = []
        for key in keys { held.append(try await make(key, in: cache, key.name)) }
        let second = held[1]
        held = []
        try await small.sweep()
        #expect(try await cache.find(keys[0], until: soon) == nil)
        #expect(try await cache.find(keys[1], until: soon) != nil)
        #expect(try await cache.find(keys[2], until: soon) == nil)
        #expect(try FileIO.readText(second.tree + "/file", limit: 200) == keys[1].name)
        #expect(try Directory.entries(cache.directory + "/.diff-ids").count == 1)
    }

    @Test func aNewLayerMakesRoomByItself() async throws {
        let small = try LayerCache(directory: cache.directory, limit: 1)
        _ = try await make(LayerKey("test", inputs: ["old"]), in: small)
        let new = try await make(key, in: small)
        #expect(try await small.find(LayerKey("test", inputs: ["old"]), until: soon) == nil)
        #expect(try FileIO.readText(new.tree + "/file", limit: 10) == "x")
    }

    @Test func removalIsByLastUse() {
        func candidate(_ name: String, _ used: Int64) -> Eviction.Candidate {
            .init(
                key: LayerKey(name: name), diffID: Digest(hash: [UInt8](repeating: 1, count: 32)), bytes: 1,
                lastUsed: used)
        }
        let order = Eviction.order([candidate("c", 3), candidate("a", 5), candidate("b", 1)])
        #expect(order.map(\.key.name) == ["b", "c", "a"])
    }

    @Test func aLayerMadeAgainReplacesOneThatNobodyUses() async throws {
        _ = try await make(key, in: cache, "old")
        let again = try await make(key, in: cache, "new", again: true)
        #expect(again.key == key)
        #expect(try FileIO.readText(again.tree + "/file", limit: 10) == "new")
    }

    @Test func aLayerMadeAgainStandsBesideOneInUse() async throws {
        let old = try await make(key, in: cache, "old")
        let again = try await make(key, in: cache, "new", again: true)
        #expect(again.key != key)
        #expect(try FileIO.readText(old.tree + "/file", limit: 10) == "old")
        #expect(try await cache.find(diffID: again.facts.diffID, until: soon)?.key == again.key)
    }

    @Test(.enabled(if: isRoot, "mounts a small tmpfs: needs root"))
    func aFullDiskIsSaidAndWithRoomItWorks() async throws {
        try Directory.make(scratch("full"))
        try #require(mount("tmpfs", scratch("full"), "tmpfs", 0, "size=1m") == 0)
        defer { umount2(scratch("full"), Int32(MNT_DETACH)) }
        let cache = try LayerCache(directory: scratch("full/trees"))
        try Directory.make(scratch("tree"))
        // Bytes that do not compress: xorshift, always the same.
        var state: UInt64 = 88_172_645_463_325_252
        let noise = (0..<(3 << 20)).map { _ in
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return UInt8(truncatingIfNeeded: state)
        }
        try AtomicFile.write(noise, to: scratch("tree/noise"))
        guard case .make(let draft) = try await cache.claim(key, until: soon) else {
            Issue.record("found")
            return
        }
        do {
            _ = try await LayerWriter(tree: scratch("tree")).write(to: draft.blob)
            Issue.record("written")
        } catch let error {
            #expect(ImageError(error).code == .diskFull)
        }
        try await draft.discard()
        try FileIO.removeFile(scratch("tree/noise"))
        _ = try await make(key, in: cache)
    }
}
