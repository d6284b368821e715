import FactoryEvents
import FactoryProtocol
import Glibc
import IO
import TestSupport
import Testing

/// What the logs know as a whole, without being opened.
@Suite struct LogListingTests {
    private let folder: TemporaryFolder
    private let logs: EventLogs
    private static let build = BuildID("01K8QZ3V9X7M4N2P6R8T0W1Y5A")
    private static let other = BuildID("01K8QZ3V9X7M4N2P6R8T0W1Y5B")

    init() throws {
        folder = try TemporaryFolder()
        try Directory.make(folder.file("logs"))
        logs = EventLogs(folder: folder.file("logs"))
    }

    private func path(_ build: BuildID) -> String { folder.file("logs/\(build)/events.ndjson") }

    private func line(_ text: String) -> Event {
        Event(seq: 0, at: Timestamp(milliseconds: 1), kind: .log(LogLine(text: text)))
    }

    /// Lines of a job, as many as its spool would send.
    private func say(_ count: Int64, _ log: BuildLog, attempt: Int = 1, text: String = "a line of a job") async throws {
        let job = JobID("\(Self.build).image")
        let events = (1...count).map { number in
            Event(seq: number, at: Timestamp(milliseconds: 1), kind: .log(LogLine(text: text)))
        }
        _ = try await log.append(events, job: job, attempt: attempt)
    }

    private func append(_ text: String, to build: BuildID) throws {
        let file = try FileIO.open(path(build), O_WRONLY | O_APPEND)
        try FileIO.write(Array(text.utf8), to: file)
    }

    @Test func onlyFoldersNamedLikeABuildAreOfABuild() async throws {
        for name in [
            Self.other.rawValue, Self.build.rawValue, "factoryd.log", "01SHORT", "01k8qz3v9x7m4n2p6r8t0w1y5a",
            "01K8QZ3V9X7M4N2P6R8T0W1Y5U", "01K8QZ3V9X7M4N2P6R8T0W1Y5AA", ".01K8QZ3V9X7M4N2P6R8T0W1Y5",
        ] {
            try Directory.make(folder.file("logs/\(name)"))
        }
        let noText = Array(folder.file("logs/").utf8CString.dropLast()) + [-1, 0]
        #expect(mkdir(noText, 0o755) == 0)
        #expect(try await logs.builds() == [Self.build, Self.other])
    }

    @Test func theLastChangeIsThatOfTheLogNotOfItsFolder() async throws {
        #expect(try await logs.lastChange(of: Self.build) == nil)
        try Directory.make(folder.file("logs/\(Self.build)"))
        let made = try #require(try await logs.lastChange(of: Self.build))
        #expect(made.milliseconds > 1_700_000_000_000)
        _ = try await logs.log(of: Self.build)
        var times = [timespec(tv_sec: 1000, tv_nsec: 0), timespec(tv_sec: 1000, tv_nsec: 5_000_000)]
        #expect(utimensat(AT_FDCWD, path(Self.build), &times, 0) == 0)
        #expect(try await logs.lastChange(of: Self.build) == Timestamp(milliseconds: 1_000_005))
    }

    /// What comes after event 7 of the farm in a log.
    enum Tail: String, CaseIterable, Sendable {
        case nothing
        case aFewLines
        case manyLines
        case tornLine
        case longTornLine
        case linesThatNameTheKey
        case garbage
    }

    @Test("the last number is found whatever follows it", arguments: Tail.allCases)
    func last(tail: Tail) async throws {
        do {
            let log = try await logs.log(of: Self.build)
            try await log.append(farm: [(id: 3, event: line("three")), (id: 7, event: line("seven"))])
            switch tail {
            case .nothing, .tornLine, .longTornLine, .garbage: break
            case .aFewLines: try await say(3, log)
            case .manyLines: try await say(8000, log)
            case .linesThatNameTheKey: try await say(50, log, text: "\"farmSeq\":99 {\"farmSeq\":99}")
            }
        }
        switch tail {
        case .nothing, .aFewLines, .manyLines, .linesThatNameTheKey: break
        case .tornLine: try append("{\"farmSeq\":99,\"at\"", to: Self.build)
        case .longTornLine: try append(String(repeating: "\"farmSeq\":99", count: 100_000), to: Self.build)
        case .garbage: try append("{\"farmSeq\":99}\n\u{0}\u{0}\"farmSeq\":99\n", to: Self.build)
        }
        try await logs.log(of: Self.other).append(farm: [(id: 5, event: line("five"))])
        let size = try FileIO.status(path(Self.build))?.size
        #expect(try await logs.ahead(of: 0).numbers == [Self.build: 7, Self.other: 5])
        #expect(try await logs.ahead(of: 6).numbers == [Self.build: 7])
        #expect(try await logs.ahead(of: 7).numbers.isEmpty)
        #expect(try await logs.ahead(of: 0).unreadable.isEmpty)
        #expect(try FileIO.status(path(Self.build))?.size == size, "a log was changed by being looked at")
    }

    @Test func aLogWithoutEventsOfTheFarmIsNotAhead() async throws {
        try Directory.make(folder.file("logs/\(Self.other)"))
        try await say(100, try await logs.log(of: Self.build))
        #expect(try await logs.ahead(of: 0).numbers.isEmpty)
        #expect(try FileIO.status(path(Self.other)) == nil, "a log was made by being looked at")
    }

    @Test func aNumberThatNoOutboxGivesOutIsDamage() async throws {
        try await logs.log(of: Self.build).append(farm: [(id: .max, event: line("x"))])
        try await logs.log(of: Self.other).append(farm: [(id: 5, event: line("five"))])
        let ahead = try await logs.ahead(of: 0)
        #expect(ahead.numbers == [Self.other: 5])
        #expect(ahead.unreadable.map(\.build) == [Self.build])
    }

    @Test func theFarmsOwnEventsAreReadAsTheyWereSaid() async throws {
        let log = try await logs.log(of: Self.build)
        try await log.append(farm: [(id: 3, event: line("three"))])
        try await say(300, log, text: "\"farmSeq\":99")
        try await log.append(farm: [(id: 7, event: line("\"farmSeq\":8"))])
        let events = try await logs.farmEvents(of: Self.build)
        #expect(events.map(\.id) == [3, 7])
        #expect(events.map(\.event) == [line("three"), line("\"farmSeq\":8")])
        #expect(try await logs.farmEvents(of: Self.other).isEmpty)
    }

    @Test func theLastAttemptIsTheHighestThatAJobHasEventsOf() async throws {
        let log = try await logs.log(of: Self.build)
        #expect(log.lastAttempts.isEmpty)
        try await say(1, log, attempt: 1)
        try await say(2, log, attempt: 3)
        #expect(log.lastAttempts == [JobID("\(Self.build).image"): 3])
    }
}
