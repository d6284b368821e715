import Archive
import Crypto
import FactoryProtocol
import Glibc
import IO
import Testing

@testable import FactoryImages

/// What a sweep of the layer cache removes, and what it leaves.
@Suite(.timeLimit(.minutes(3))) struct CacheSweepTests {
    let scratch: Scratch
    let cache: LayerCache

    init() throws {
        scratch = try Scratch()
        cache = try LayerCache(directory: scratch("trees"))
    }

    private static var soon: Deadline { .in(.seconds(60)) }

    private static func key(_ name: String) -> LayerKey { LayerKey("test", inputs: [name]) }

    private static func publish(_ draft: LayerDraft) async throws -> CachedLayer {
        try AtomicFile.write(Array(draft.key.name.utf8), to: draft.tree + "/file")
        let written = try await LayerWriter(tree: draft.tree).write(to: draft.blob)
        return try await draft.publish(written, title: "test")
    }

    private func make(_ name: String) async throws -> CachedLayer {
        guard case .make(let draft) = try await cache.claim(Self.key(name), until: Self.soon) else {
            throw ImageError(.busy, .internal, "found, and not to be made")
        }
        return try await Self.publish(draft)
    }

    private func names(_ directory: String) throws -> Set<String> { Set(try Directory.entries(directory).map(\.name)) }

    @Test func lockFilesOfWhatIsNeitherKeptNorMadeAreRemoved() async throws {
        let kept = try await make("kept")
        guard case .make(let draft) = try await cache.claim(Self.key("draft"), until: Self.soon) else {
            Issue.record("found")
            return
        }
        let held = try #require(try cache.tryLock(Self.key("held")))
        for number in 0..<50 { #expect(try await cache.find(Self.key("\(number)"), until: Self.soon) == nil) }
        try await cache.sweep()
        let (made, locked) = (draft.key.name, Self.key("held").name)
        #expect(try names(cache.locks) == [".eviction", kept.key.name, made, locked])
        held.release()
        try await draft.discard()
        try await cache.sweep()
        #expect(try names(cache.locks) == [".eviction", kept.key.name])
        kept.giveUp()
        try await cache.makeRoom()
        #expect(try names(cache.locks) == [".eviction"])
        #expect(try names(cache.links).isEmpty)
    }

    @Test func linksThatLeadToNoLayerAreRemovedAndThoseThatDoStay() async throws {
        let kept = try await make("kept")
        let good = try #require(try names(cache.links).first)
        let other = Digest(hash: SHA256.hash([1])).hex
        let left = [
            other + ".2": "test-gone", other + ".1.user": "test-gone",
            // The tar of a layer that was made again meanwhile.
            other + ".3": kept.key.name,
            // What a crash leaves between the link and its rename, of a kept layer too.
            good + ".3w5e11264sgsf": kept.key.name, good + ".12345": kept.key.name,
        ]
        for (name, target) in left { try #require(symlink(target, cache.links + "/" + name) == 0) }
        try AtomicFile.write([], to: cache.links + "/" + other + ".4")
        try await cache.sweep()
        #expect(try names(cache.links) == [good])
        #expect(try await cache.find(diffID: kept.facts.diffID, until: Self.soon)?.key == kept.key)
    }

    private static let unreadable = ["{", "", nil, String(repeating: " ", count: 2 << 20)]

    @Test(arguments: unreadable) func aLayerWhoseFactsCannotBeReadIsMadeAgainByTheNextWhoWantsIt(facts: String?)
        async throws
    {
        let layer = try await make("damaged")
        let path = cache.factsPath(of: layer.key)
        layer.giveUp()
        if let facts { try AtomicFile.write(Array(facts.utf8), to: path) } else { try FileIO.removeFile(path) }
        try FileIO.removeFile(layer.tree + "/file")
        #expect(try await cache.find(layer.key, until: Self.soon) == nil)
        #expect(try await cache.find(diffID: layer.facts.diffID, until: Self.soon) == nil)
        let again = try await make("damaged")
        #expect(try FileIO.readText(again.tree + "/file", limit: 200) == layer.key.name)
        #expect(try await cache.find(diffID: again.facts.diffID, until: Self.soon)?.key == again.key)
    }

    @Test(arguments: unreadable)
    func aLayerWhoseFactsCannotBeReadIsRemovedHoweverMuchRoomThereIs(facts: String?) async throws {
        let layer = try await make("damaged")
        let path = cache.factsPath(of: layer.key)
        layer.giveUp()
        if let facts { try AtomicFile.write(Array(facts.utf8), to: path) } else { try FileIO.removeFile(path) }
        let user = try #require(try cache.tryLock(layer.key))
        try await cache.sweep()
        #expect(try FileIO.exists(cache.path(of: layer.key)), "somebody holds it")
        user.release()
        try await cache.sweep()
        #expect(try !FileIO.exists(cache.path(of: layer.key)))
        #expect(try names(cache.links).isEmpty)
        #expect(try names(cache.locks) == [".eviction"])
        _ = try await make("damaged")
    }

    @Test func whatIsNotTheCachesOwnStays() async throws {
        for name in ["lost+found", "test-short", "mine"] { try Directory.make(cache.directory + "/" + name) }
        try await cache.makeRoom()
        #expect(
            try names(cache.directory) == [".diff-ids", ".drafts", ".locks", "lost+found", "mine", "test-short"])
    }

    /// Layers are claimed, made, thrown away, used and swept at once.
    @Test func noSweepBreaksWhatOthersMakeOrUse() async throws {
        let seed: UInt64 = 0x5eed_cace
        print("seed \(seed)")
        let cache = cache
        let makers = Locked<Set<LayerKey>>([])
        let most = Locked(0)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<6 {
                group.addTask {
                    var state = seed &+ UInt64(task) &* 0x9e37_79b9_7f4a_7c15
                    for round in 0..<40 {
                        state ^= state << 13
                        state ^= state >> 7
                        state ^= state << 17
                        if state >> 20 & 3 == 0 {
                            if state >> 24 & 1 == 0 { try await cache.sweep() } else { try await cache.makeRoom() }
                            let count = try Directory.entries(cache.locks).count
                            most.withLock { $0 = max($0, count) }
                        }
                        // A key of its own now and then: their lock files would pile up.
                        let key = Self.key(state & 1 == 0 ? "\(state >> 8 & 3)" : "\(task).\(round)")
                        switch try await cache.claim(key, until: Self.soon) {
                        case .found(let layer):
                            for _ in 0..<3 {
                                #expect(
                                    try FileIO.readText(layer.tree + "/file", limit: 200) == key.name, "seed \(seed)")
                                sched_yield()
                            }
                        case .make(let draft):
                            #expect(makers.withLock { $0.insert(key).inserted }, "two make \(key); seed \(seed)")
                            try AtomicFile.write([1], to: draft.work + "/own")
                            await Task.yield()
                            #expect(try FileIO.exists(draft.work + "/own"), "seed \(seed)")
                            makers.withLock { _ = $0.remove(key) }
                            if state >> 32 & 3 == 0 {
                                let layer = try await Self.publish(draft)
                                #expect(try FileIO.readText(layer.tree + "/file", limit: 200) == key.name)
                            } else {
                                try await draft.discard()
                            }
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        // 120 keys of their own were asked for.
        #expect(most.withLock { $0 } < 60, "seed \(seed)")
        try await cache.makeRoom()
        #expect(try names(cache.locks) == [".eviction"], "seed \(seed)")
        #expect(try names(cache.links).isEmpty, "seed \(seed)")
        #expect(try names(cache.drafts).isEmpty, "seed \(seed)")
    }
}
