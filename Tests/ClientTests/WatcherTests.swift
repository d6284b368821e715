import FactoryClient
import FactoryProtocol
import IO
import Testing

@Suite struct WatcherTests {
    private static let verdict = Verdict(result: .succeeded, message: "", milliseconds: 1)

    private static func event(_ seq: Int64) -> EventMessage {
        EventMessage(event: Event(seq: seq, at: Timestamp(milliseconds: seq), kind: .log(LogLine(text: "line \(seq)"))))
    }

    private static func watcher(_ farm: FakeFarm, patience: Duration = .seconds(20)) -> BuildWatcher {
        BuildWatcher(endpoint: farm.endpoint, hello: FakeFarm.hello, build: BuildID("b"), patience: patience)
    }

    /// What a watcher tells, as words: `1 2 lost resumed 3`.
    private static func story(_ watcher: BuildWatcher) async throws -> String {
        var words: [String] = []
        let end = try await watcher.run { news in
            switch news {
            case .event(let event): words.append("\(event.seq)")
            case .lost: words.append("lost")
            case .resumed: words.append("resumed")
            }
        }
        if end == .caughtUp { words.append("caught-up") }
        return words.joined(separator: " ")
    }

    /// A connection that sends the events asked for up to `last`, then ends the build or breaks off.
    private static func serving(through last: Int64, ends: Bool, extra: [Int64] = []) -> FakeFarm.Script {
        { peer in
            let (id, watch) = try await peer.watch()
            if watch.from <= last {
                for seq in watch.from...last { try await peer.send(event(seq), id: id) }
            }
            for seq in extra { try await peer.send(event(seq), id: id) }
            if ends { try await peer.send(WatchEnd(verdict: verdict), id: id) }
        }
    }

    /// Accepts and breaks off.
    private static let leaving: FakeFarm.Script = { _ in }
    /// Welcomes and breaks off.
    private static let welcoming: FakeFarm.Script = { peer in try await peer.welcome() }

    @Test func everyEventOnceOverLostConnections() async throws {
        let scripts = [
            Self.serving(through: 2, ends: false), Self.leaving, Self.welcoming,
            Self.serving(through: 2, ends: false), Self.serving(through: 5, ends: true),
        ]
        let story = try await FakeFarm.with(scripts) { farm in try await Self.story(Self.watcher(farm)) }
        #expect(story == "1 2 lost resumed 3 4 5")
    }

    @Test func repeatedEventsAreNotShownAndAGapIsAskedForAgain() async throws {
        let scripts = [
            Self.serving(through: 3, ends: false, extra: [2, 3, 5]), Self.serving(through: 6, ends: true),
        ]
        let story = try await FakeFarm.with(scripts) { farm in try await Self.story(Self.watcher(farm)) }
        #expect(story == "1 2 3 lost resumed 4 5 6")
    }

    @Test func anEventThatIsLeftOutAgainAndAgainIsAnErrorAndNotAnEndlessWatch() async throws {
        let leavingOut = Self.serving(through: 1, ends: true, extra: [3])
        let again: FakeFarm.Script = { peer in
            let (id, _) = try await peer.watch()
            try await peer.send(Self.event(3), id: id)
            _ = try await peer.receive()
        }
        let error = await #expect(throws: ClientError.self) {
            try await FakeFarm.with([leavingOut, again, again]) { farm in try await Self.story(Self.watcher(farm)) }
        }
        #expect(error?.code == .badReply)
    }

    @Test func whoFollowsAsksAgainWhenToldThatItCaughtUp() async throws {
        let caughtUp: FakeFarm.Script = { peer in
            let (id, _) = try await peer.watch()
            try await peer.send(Self.event(1), id: id)
            try await peer.send(CaughtUp(next: 2), id: id)
            _ = try await peer.receive()
        }
        let story = try await FakeFarm.with([caughtUp, Self.serving(through: 2, ends: true)]) { farm in
            try await Self.story(Self.watcher(farm))
        }
        #expect(story == "1 2")
    }

    @Test func aSlowWatcherThatIsLetGoComesBackWithoutAWord() async throws {
        let lagging: FakeFarm.Script = { peer in
            let (id, _) = try await peer.watch()
            try await peer.send(Self.event(1), id: id)
            try await peer.send(Lagged(next: 2), id: id)
            _ = try await peer.receive()
        }
        let story = try await FakeFarm.with([lagging, Self.serving(through: 2, ends: true)]) { farm in
            try await Self.story(Self.watcher(farm))
        }
        #expect(story == "1 2")
    }

    @Test func whoDoesNotFollowEndsWithWhatThereIs() async throws {
        let script: FakeFarm.Script = { peer in
            let (id, watch) = try await peer.watch()
            #expect(!watch.follow && !watch.logs)
            try await peer.send(Self.event(1), id: id)
            // Log lines are left out, so numbers jump.
            try await peer.send(Self.event(7), id: id)
            try await peer.send(CaughtUp(next: 9), id: id)
        }
        let story = try await FakeFarm.with([script]) { farm in
            try await Self.story(
                BuildWatcher(
                    endpoint: farm.endpoint, hello: FakeFarm.hello, build: BuildID("b"), logs: false, follow: false))
        }
        #expect(story == "1 7 caught-up")
    }

    @Test func anUnknownBuildIsSaidAtOnce() async throws {
        let script: FakeFarm.Script = { peer in
            let (id, _) = try await peer.watch()
            try await peer.send(ErrorReply(code: "unknown-build", message: "no build b"), id: id)
        }
        let error = await #expect(throws: ClientError.self) {
            try await FakeFarm.with([script]) { farm in try await Self.story(Self.watcher(farm)) }
        }
        #expect(error?.code == .rejected && error?.reason == "unknown-build")
    }

    @Test func aFarmThatStaysAwayIsGivenUp() async throws {
        let error = await #expect(throws: ClientError.self) {
            try await FakeFarm.with([Self.serving(through: 1, ends: false)]) { farm in
                try await Self.story(Self.watcher(farm, patience: .milliseconds(300)))
            }
        }
        #expect(error?.code == .connectionLost)
    }

    @Test func aFarmThatWasNeverThereIsSaidAtOnce() async throws {
        let watcher = BuildWatcher(endpoint: .unix(path: "/nonexistent/s"), hello: FakeFarm.hello, build: BuildID("b"))
        let error = await #expect(throws: ClientError.self) { try await Self.story(watcher) }
        #expect(error?.code == .cannotConnect)
    }

    @Test func theErrorOfTheReceiverEndsTheWatch() async throws {
        struct Full: Error {}
        await #expect(throws: Full.self) {
            try await FakeFarm.with([Self.serving(through: 3, ends: true)]) { farm in
                _ = try await Self.watcher(farm).run { _ in throw Full() }
            }
        }
    }
}
