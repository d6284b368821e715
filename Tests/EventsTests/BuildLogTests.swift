import FactoryProtocol
import FoundationEssentials
import IO
import JSON
import Testing

@testable import FactoryEvents

/// A log in a folder of its own, removed with the fixture.
private final class LogFolder: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/events-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    // A folder that stays behind in a temporary directory is no failure of the test.
    deinit { try? FileManager.default.removeItem(atPath: path) }

    var file: String { path + "/events.ndjson" }

    func text() throws -> String { String(decoding: try Data(contentsOf: URL(filePath: file)), as: UTF8.self) }

    func write(_ text: String) throws { try Data(text.utf8).write(to: URL(filePath: file)) }
}

private let job = JobID("01B.image-amd64")
private let now = Timestamp(milliseconds: 1)

private func lines(_ range: ClosedRange<Int64>) -> [Event] {
    range.map { Event(seq: $0, at: now, kind: .log(LogLine(text: "line \($0)"))) }
}

private func all(_ log: BuildLog, from: Int64 = 1) async throws -> [Event] {
    var events: [Event] = []
    for try await event in EventStream(log, from: from, follow: false) { events.append(try event.event()) }
    return events
}

extension BuildLog {
    /// Adds one of the farm's own events under the next number of the outbox.
    @discardableResult
    fileprivate func append(
        _ kind: Event.Kind, at: Timestamp, job: JobID? = nil, attempt: Int? = nil
    ) async throws -> Int64 {
        try await append(farm: [(lastFarmEvent + 1, Event(seq: 0, at: at, job: job, attempt: attempt, kind: kind))])
    }
}

private let ended = Event.Kind.buildEnded(
    BuildEnded(verdict: Verdict(result: .succeeded, message: "done", milliseconds: 1)))

@Suite struct BuildLogTests {
    @Test func theFarmsEventsAndAJobsAreNumberedInOneRow() async throws {
        let folder = try LogFolder()
        let log = try BuildLog(path: folder.file)
        try await log.append(.buildAccepted(BuildAccepted(jobs: [])), at: now)
        #expect(try await log.append(lines(1...3), job: job, attempt: 1) == 3)
        try await log.append(.jobStateChanged(JobStateChanged(state: .succeeded)), at: now, job: job, attempt: 1)
        let events = try await all(log)
        #expect(events.map(\.seq) == [1, 2, 3, 4, 5])
        #expect(events[1].job == job)
        #expect(!log.hasEnded)
    }

    @Test func aResentBatchIsStoredOnce() async throws {
        let folder = try LogFolder()
        let log = try BuildLog(path: folder.file)
        _ = try await log.append(lines(1...5), job: job, attempt: 1)
        #expect(try await log.append(lines(3...8), job: job, attempt: 1) == 8)
        #expect(try await log.append(lines(1...2), job: job, attempt: 1) == 8)
        #expect(try await all(log).count == 8)
        #expect(log.through(job: job, attempt: 1) == 8)
        #expect(log.through(job: job, attempt: 2) == 0)
    }

    @Test func missingNumbersAreRefusedAndNothingIsStored() async throws {
        let folder = try LogFolder()
        let log = try BuildLog(path: folder.file)
        await #expect(throws: EventsError.self) { try await log.append(lines(2...3), job: job, attempt: 1) }
        #expect(log.lastSeq == 0)
        #expect(try folder.text().isEmpty)
    }

    @Test func anotherOpeningFindsEverything() async throws {
        let folder = try LogFolder()
        let first = try BuildLog(path: folder.file)
        _ = try await first.append(lines(1...1000), job: job, attempt: 2)
        try await first.append(ended, at: now)
        let second = try BuildLog(path: folder.file)
        #expect(second.lastSeq == 1001)
        #expect(second.through(job: job, attempt: 2) == 1000)
        #expect(second.hasEnded)
        #expect(try await all(second, from: 998).map(\.seq) == [998, 999, 1000, 1001])
        #expect(try await all(second).count == 1001)
    }

    @Test(arguments: ["{", "{\"seq\":2", "garbage\n", "{\"seq\":2,\"at\":1,\"kind\":\"log\"}\n"])
    func aTornLastLineIsCutOff(tail: String) async throws {
        let folder = try LogFolder()
        _ = try await BuildLog(path: folder.file).append(lines(1...1), job: job, attempt: 1)
        let whole = try folder.text()
        try folder.write(whole + tail)
        let log = try BuildLog(path: folder.file)
        #expect(log.lastSeq == 1)
        #expect(try folder.text() == whole)
        #expect(try await log.append(lines(2...2), job: job, attempt: 1) == 2)
    }

    /// What a power cut leaves: a page of zeros in the middle, or an event that does not follow.
    @Test(arguments: [
        String(repeating: "\0", count: 4096) + "\n", "garbage\n",
        "{\"seq\":7,\"at\":1,\"kind\":\"log\",\"text\":\"x\"}\n",
    ])
    func fromAnUnreadableLineOnEverythingIsSetAside(bad: String) async throws {
        let folder = try LogFolder()
        let first = try BuildLog(path: folder.file)
        _ = try await first.append(lines(1...1), job: job, attempt: 1)
        let whole = try folder.text()
        _ = try await first.append(lines(2...4), job: job, attempt: 1)
        let rest = String(try folder.text().dropFirst(whole.count))
        for round in 1...2 {
            try folder.write(whole + bad + rest)
            let log = try BuildLog(path: folder.file)
            let damage = try #require(log.damage)
            #expect(damage.setAside == folder.file + (round == 1 ? ".corrupt" : ".corrupt.2"))
            #expect(damage.reason.contains("byte \(whole.utf8.count)"))
            #expect(try String(contentsOfFile: damage.setAside, encoding: .utf8) == bad + rest)
            #expect(try folder.text() == whole)
            #expect(log.through(job: job, attempt: 1) == 1)
            // The spool sends the rest again.
            #expect(try await log.append(lines(2...4), job: job, attempt: 1) == 4)
            #expect(try await all(log).map(\.seq) == [1, 2, 3, 4])
            log.mended()
            #expect(log.damage == nil)
        }
    }

    @Test func anAttemptThatWritesTooMuchIsCappedAndThatIsSaid() async throws {
        let folder = try LogFolder()
        var log = try BuildLog(path: folder.file, mostBytesOfAttempt: 1000)
        #expect(try await log.append(lines(1...100), job: job, attempt: 1) == 100)
        let kept = log.lastSeq
        #expect(kept < 20)
        for _ in 1...2 {
            // Also after a restart; what is dropped is acknowledged, however often it comes.
            #expect(try await log.append(lines(1...200), job: job, attempt: 1) == 200)
            #expect(log.lastSeq == kept)
            log = try BuildLog(path: folder.file, mostBytesOfAttempt: 1000)
        }
        let step = Event(seq: 201, at: now, kind: .stepStarted(StepStarted(step: "s", title: "Still told")))
        #expect(try await log.append(lines(1...200) + [step] + lines(202...203), job: job, attempt: 1) == 203)
        // Another attempt has its own.
        #expect(try await log.append(lines(1...2), job: job, attempt: 2) == 2)
        let events = try await all(log)
        #expect(events.map(\.seq) == Array(1...Int64(events.count)))
        let warnings = events.compactMap { event -> Warning? in
            guard case .warning(let warning) = event.kind else { return nil }
            return warning
        }
        #expect(warnings.map(\.code) == ["log-capped"])
        #expect(events.suffix(4).map(\.kind.name) == ["warning", "stepStarted", "log", "log"])
    }

    @Test func aWatcherWaitsAtTheEndAndEndsWithTheBuild() async throws {
        let folder = try LogFolder()
        let log = try BuildLog(path: folder.file)
        async let watched = {
            var seen: [Int64] = []
            for try await event in EventStream(log, from: 1) { seen.append(event.seq) }
            return seen
        }()
        for seq in Int64(1)...50 {
            _ = try await log.append(lines(seq...seq), job: job, attempt: 1)
            await Task.yield()
        }
        try await log.append(ended, at: now)
        #expect(try await watched == Array(1...51))
    }

    @Test func anOutboxEmptiedTwiceIsStoredOnce() async throws {
        let folder = try LogFolder()
        let log = try BuildLog(path: folder.file)
        let events = (Int64(1)...5).map { id in
            (id: id, event: Event(seq: 0, at: now, kind: .warning(Warning(code: "c", message: "\(id)"))))
        }
        #expect(try await log.append(farm: Array(events[..<3])) == 3)
        #expect(try await log.append(farm: Array(events[1...])) == 5)
        let again = try BuildLog(path: folder.file)
        #expect(try await again.append(farm: events) == 5)
        #expect(try await all(again).map(\.seq) == [1, 2, 3, 4, 5])
    }

    @Test func aBuildThatIsTriedAgainGoesOnAfterItsFirstEnd() async throws {
        let folder = try LogFolder()
        let log = try BuildLog(path: folder.file)
        try await log.append(ended, at: now)
        #expect(log.hasEnded)
        _ = try await log.append(lines(1...2), job: job, attempt: 2)
        #expect(!log.hasEnded)
        try await log.append(ended, at: now)
        // A watcher that shows every event counts on it that none is left out.
        #expect(try await all(log).map(\.seq) == [1, 2, 3, 4])
    }

    @Test func aWatcherReadsTheFileOnAThreadThatMayWaitForTheDisk() async throws {
        let folder = try LogFolder()
        let log = try BuildLog(path: folder.file)
        _ = try await log.append(lines(1...1000), job: job, attempt: 1)
        let threads = BlockingThreads("test", most: 2)
        var seen: [Int64] = []
        for try await event in EventStream(log, from: 1, follow: false, threads: threads) { seen.append(event.seq) }
        #expect(seen == Array(1...1000))
        #expect(threads.started > 0, "the file was read on Swift's pool")
    }

    @Test func aCancelledWatcherDoesNotHang() async throws {
        let folder = try LogFolder()
        let log = try BuildLog(path: folder.file)
        let watcher = Task { try await EventStream(log, from: 1).makeAsyncIterator().nextOf() }
        watcher.cancel()
        await #expect(throws: CancellationError.self) { try await watcher.value }
    }

    @Test func manyWatchersAndManyWritersSeeOneOrder() async throws {
        let folder = try LogFolder()
        let log = try BuildLog(path: folder.file)
        let jobs = (1...4).map { JobID("01B.job-\($0)") }
        try await withThrowingTaskGroup(of: [Event].self) { group in
            for _ in 1...4 {
                group.addTask {
                    var seen: [Event] = []
                    for try await event in EventStream(log, from: 1) { seen.append(try event.event()) }
                    return seen
                }
            }
            try await withThrowingTaskGroup(of: Void.self) { writers in
                for job in jobs {
                    writers.addTask {
                        for seq in Int64(1)...200 { _ = try await log.append(lines(seq...seq), job: job, attempt: 1) }
                    }
                }
                try await writers.waitForAll()
            }
            try await log.append(ended, at: now)
            var views: [[Event]] = []
            for try await view in group { views.append(view) }
            #expect(views.allSatisfy { $0.map(\.seq) == Array(1...801) })
            #expect(views.allSatisfy { $0 == views[0] })
        }
    }
}

extension EventStream.Iterator {
    /// The next event of an iterator that nobody keeps.
    fileprivate func nextOf() async throws -> LoggedEvent? {
        var iterator = self
        return try await iterator.next()
    }
}
