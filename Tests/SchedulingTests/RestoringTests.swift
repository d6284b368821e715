import FactoryEvents
import FactoryProtocol
import FactoryQueue
import FactoryWire
import Glibc
import IO
import JSON
import SQLite
import TestSupport
import Testing

@testable import FactoryScheduling

/// A farm whose database is replaced by an older copy, while its logs are what they are.
@Suite(.timeLimit(.minutes(3)))
struct RestoringTests {
    private let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    private var copy: String { folder.file("copy.sqlite") }

    private func restoreCopy() throws {
        for suffix in ["", "-wal", "-shm"] { try FileIO.removeFile(folder.file("q.sqlite" + suffix)) }
        let file = try FileIO.open(folder.file("q.sqlite"), O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
        try FileIO.write(try FileIO.read(copy, limit: 1 << 24), to: file)
    }

    private func lines(_ numbers: ClosedRange<Int64>, _ word: String) -> [Event] {
        numbers.map { Event(seq: $0, at: .wall, kind: .log(LogLine(text: "\(word) \($0)"))) }
    }

    private func accept(_ worker: TestPeer) async throws -> Assign {
        let assign: Assign = try await worker.expect()
        try await worker.say(Accepted(job: assign.job, fence: assign.fence))
        // Answered when the acceptance was dealt with.
        _ = try await say([], assign, worker)
        return assign
    }

    private func say(_ events: [Event], _ assign: Assign, _ worker: TestPeer) async throws -> Int64 {
        try await worker.ask(
            JobEvents(job: assign.job, fence: assign.fence, events: events), for: Ack.self
        ).through
    }

    private func succeed(_ assign: Assign, _ worker: TestPeer) async throws {
        let _: Settled = try await worker.ask(
            Finished(job: assign.job, fence: assign.fence, outcome: .succeeded))
    }

    private func texts(_ events: [Event]) -> [String] {
        events.compactMap { if case .log(let line) = $0.kind { line.text } else { nil } }
    }

    private func warnings(_ events: [Event]) -> Int {
        events.count { if case .warning(let warning) = $0.kind { warning.code == "database-restored" } else { false } }
    }

    private func expectGapless(_ events: [Event], _ place: SourceLocation = #_sourceLocation) {
        #expect(events.map(\.seq) == Array(1...Int64(max(1, events.count))), sourceLocation: place)
    }

    /// Where the build was when the copy was made.
    enum Moment: String, CaseIterable, Sendable {
        case queued
        case leased
        case running
    }

    @Test("what ended after the copy is done again: its end is seen, and no event is lost", arguments: Moment.allCases)
    func doneAgain(moment: Moment) async throws {
        var build = BuildID("")
        var first: Assign?
        do {
            let fixture = try FarmFixture(in: folder)
            try await fixture.run {
                let client = try await fixture.client()
                func backUp(_ now: Moment) async throws {
                    if now == moment { try await fixture.farm.store.readers.backup(to: copy) }
                }
                build = try await fixture.submit(client).build
                try await backUp(.queued)
                let (worker, _) = try await fixture.worker()
                let assign: Assign = try await worker.expect()
                try await backUp(.leased)
                try await worker.say(Accepted(job: assign.job, fence: assign.fence))
                #expect(try await say(lines(1...5, "first"), assign, worker) == 5)
                try await backUp(.running)
                #expect(try await say(lines(6...60, "first"), assign, worker) == 60)
                try await succeed(assign, worker)
                #expect(try await client.watch(build).verdict.result == .succeeded)
                first = assign
            }
        }
        try restoreCopy()
        let (before, known) = (try #require(first), build)
        let fixture = try FarmFixture(in: folder)
        try await fixture.run {
            let client = try await fixture.client()
            // It watches before the job runs again, and must not take the end that is in the log for the build's.
            async let watched = client.watch(known)
            let (worker, _) = try await fixture.worker()
            let assign = try await accept(worker)
            #expect(assign.attempt == 2)
            #expect(assign.fence > before.fence)
            #expect(try await say(lines(1...3, "second"), assign, worker) == 3)
            let details = try await fixture.client().ask(ShowBuild(build: build), for: BuildDetails.self)
            #expect(details.jobs.map(\.maxAttempts) == [4], "the attempt that is not known any more uses up none")
            try await succeed(assign, worker)
            let (events, verdict) = try await watched
            #expect(verdict.result == .succeeded)
            #expect(verdict.attempt ?? 2 == 2)
            expectGapless(events)
            #expect(texts(events) == (1...60).map { "first \($0)" } + (1...3).map { "second \($0)" })
            #expect(warnings(events) == 1)
            #expect(events.last?.kind.name == "buildEnded")
        }
        // The next start finds nothing to do.
        let sequence = try await fixture.farm.store.lastFarmEvent()
        let next = try FarmFixture(in: folder)
        try await next.run {
            let events = try await next.client().watch(build).events
            #expect(warnings(events) == 1)
            #expect(try await next.farm.store.lastFarmEvent() == sequence)
        }
    }

    @Test("a job that still runs goes on, and none of its events is lost or doubled", arguments: [false, true])
    func goesOn(wasAccepted: Bool) async throws {
        var build = BuildID("")
        var unknown: Assign?
        var known: Assign?
        do {
            let fixture = try FarmFixture(in: folder)
            try await fixture.run {
                let client = try await fixture.client()
                build = try await fixture.submit(client).build
                let (worker, _) = try await fixture.worker(slots: 2)
                let assign: Assign = try await worker.expect()
                if !wasAccepted { try await fixture.farm.store.readers.backup(to: copy) }
                try await worker.say(Accepted(job: assign.job, fence: assign.fence))
                #expect(try await say(lines(1...5, "line"), assign, worker) == 5)
                if wasAccepted { try await fixture.farm.store.readers.backup(to: copy) }
                #expect(try await say(lines(6...20, "line"), assign, worker) == 20)
                // A build that the copy does not know.
                _ = try await fixture.submit(client, key: "later")
                unknown = try await accept(worker)
                known = assign
            }
        }
        try restoreCopy()
        let (assign, lost) = (try #require(known), try #require(unknown))
        let fixture = try FarmFixture(in: folder)
        try await fixture.run {
            let client = try await fixture.client()
            let (worker, resumed) = try await fixture.worker(
                slots: 2,
                holding: [
                    HeldJob(job: assign.job, fence: assign.fence, through: 25),
                    HeldJob(job: lost.job, fence: lost.fence, through: 3),
                ])
            #expect(resumed.keep == [KeptJob(job: assign.job, fence: assign.fence, ackedThrough: 20)])
            #expect(resumed.drop == [Claim(job: lost.job, fence: lost.fence)])
            #expect(try await say(lines(15...25, "line"), assign, worker) == 25)
            // What the worker says of a job that is not known is answered, so that it lets go of it.
            let answer = try await worker.ask(
                Finished(job: lost.job, fence: lost.fence, outcome: .succeeded), for: Superseded.self)
            #expect(answer.job == lost.job)
            try await succeed(assign, worker)
            let (events, verdict) = try await client.watch(build)
            #expect(verdict.result == .succeeded)
            expectGapless(events)
            #expect(texts(events) == (1...25).map { "line \($0)" })
            #expect(events.compactMap(\.attempt).max() == 1)
            let states = events.compactMap { event in
                if case .jobStateChanged(let change) = event.kind { change.state } else { nil }
            }
            #expect(states == [.ready, .leased, .running, .succeeded])
            #expect(warnings(events) == (wasAccepted ? 0 : 1), "the log of the build is newer than the copy")
            // The same key makes a new build.
            #expect(try await !fixture.submit(client, key: "later").repeated)
        }
    }

    @Test func aBuildThatWasOverInTheCopyIsOverThoughItWasTriedAgainSince() async throws {
        var build = BuildID("")
        let failure = Failure(cause: .spec, code: "bad", message: "it cannot be made")
        do {
            let fixture = try FarmFixture(in: folder)
            try await fixture.run {
                let client = try await fixture.client()
                build = try await fixture.submit(client).build
                let (worker, _) = try await fixture.worker()
                let assign = try await accept(worker)
                let _: Settled = try await worker.ask(
                    Finished(job: assign.job, fence: assign.fence, outcome: .failed(failure)))
                #expect(try await client.watch(build).verdict.result == .failed)
                try await fixture.farm.store.readers.backup(to: copy)
                _ = try await client.ask(RetryBuild(build: build), for: Retried.self)
                let again = try await accept(worker)
                #expect(try await say(lines(1...9, "second"), again, worker) == 9)
            }
        }
        try restoreCopy()
        let fixture = try FarmFixture(in: folder)
        try await fixture.run {
            let client = try await fixture.client()
            let (events, verdict) = try await client.watch(build)
            #expect(verdict.result == .failed)
            expectGapless(events)
            #expect(warnings(events) == 1)
            // Tried again once more, it gets an attempt whose events are all kept.
            _ = try await client.ask(RetryBuild(build: build), for: Retried.self)
            let (worker, _) = try await fixture.worker()
            let assign = try await accept(worker)
            #expect(assign.attempt == 3)
            #expect(try await say(lines(1...2, "third"), assign, worker) == 2)
            try await succeed(assign, worker)
            let all = try await client.watch(build)
            #expect(all.verdict.result == .succeeded)
            #expect(texts(all.events) == (1...9).map { "second \($0)" } + ["third 1", "third 2"])
        }
    }

    @Test func aJobThatWasToBeCancelledInTheCopyIsNotDoneAgain() async throws {
        var build = BuildID("")
        do {
            let fixture = try FarmFixture(in: folder)
            try await fixture.run {
                let client = try await fixture.client()
                build = try await fixture.submit(client).build
                let (worker, _) = try await fixture.worker()
                let assign = try await accept(worker)
                _ = try await client.ask(CancelBuild(build: build, reason: "enough"), for: Cancelling.self)
                let _: CancelJob = try await worker.expect()
                try await fixture.farm.store.readers.backup(to: copy)
                let cancelled = Outcome.cancelled(Cancellation(reason: "enough", killed: true))
                let _: Settled = try await worker.ask(
                    Finished(job: assign.job, fence: assign.fence, outcome: cancelled))
                #expect(try await client.watch(build).verdict.result == .cancelled)
            }
        }
        try restoreCopy()
        let fixture = try FarmFixture(in: folder)
        try await fixture.run {
            let (events, verdict) = try await fixture.client().watch(build)
            #expect(verdict.result == .cancelled)
            expectGapless(events)
            #expect(warnings(events) == 1)
            #expect(events.last?.kind.name == "buildEnded")
        }
    }

    @Test func whatWaitedInTheOutboxOfTheCopyIsInTheLogOnce() async throws {
        var build = BuildID("")
        do {
            let fixture = try FarmFixture(in: folder)
            try await fixture.run {
                let client = try await fixture.client()
                build = try await fixture.submit(client).build
                // In the log already: the copy holds it all the same, and one more that never came into the log.
                try await fixture.farm.store.warn(build, Warning(code: "w", message: "said once"))
                try await fixture.farm.store.readers.backup(to: copy)
                _ = try await client.ask(CancelBuild(build: build, reason: "enough"), for: Cancelling.self)
                _ = try await client.watch(build)
            }
        }
        try restoreCopy()
        // As a farm would leave it that went on with such a copy: an event that the log dropped for its number.
        do {
            let db = try Connection(folder.file("q.sqlite"), .writer)
            let event = Event(seq: 0, at: .wall, kind: .warning(Warning(code: "w", message: "dropped")))
            try db.run(
                "INSERT INTO farm_events(build, at, event_json) VALUES (?, 1, ?)", build.rawValue,
                String(decoding: try CanonicalJSON.encode(event), as: UTF8.self))
        }
        let fixture = try FarmFixture(in: folder)
        try await fixture.run {
            let client = try await fixture.client()
            _ = try await client.ask(CancelBuild(build: build, reason: "enough"), for: Cancelling.self)
            let events = try await client.watch(build).events
            expectGapless(events)
            let said = events.compactMap { if case .warning(let warning) = $0.kind { warning.message } else { nil } }
            #expect(said.count { $0 == "said once" } == 1)
            #expect(said.count { $0 == "dropped" } == 1)
            #expect(events.count { $0.kind.name == "buildAccepted" } == 1)
        }
    }

    @Test func aDatabaseThatIsNotOlderIsNotWritten() async throws {
        do {
            let fixture = try FarmFixture(in: folder)
            try await fixture.run {
                let client = try await fixture.client()
                let build = try await fixture.submit(client).build
                _ = try await client.ask(CancelBuild(build: build, reason: "enough"), for: Cancelling.self)
                _ = try await client.watch(build)
                _ = try await fixture.submit(client, key: "another")
            }
        }
        let fixture = try FarmFixture(in: folder)
        let before = try FileIO.status(folder.file("q.sqlite-wal"))
        try await fixture.farm.catchUpWithLogs()
        #expect(try FileIO.status(folder.file("q.sqlite-wal")) == before)
    }

    @Test func anEmptyDatabaseBesideOldLogsGoesOnAboveTheirNumbers() async throws {
        var old: Int64 = 0
        do {
            let fixture = try FarmFixture(in: folder)
            try await fixture.run {
                _ = try await fixture.submit(try await fixture.client())
                old = try await fixture.farm.store.lastFarmEvent()
            }
        }
        for suffix in ["", "-wal", "-shm"] { try FileIO.removeFile(folder.file("q.sqlite" + suffix)) }
        let fixture = try FarmFixture(in: folder)
        try await fixture.run {
            #expect(try await fixture.farm.store.lastFarmEvent() == old)
            let client = try await fixture.client()
            let build = try await fixture.submit(client).build
            _ = try await client.ask(CancelBuild(build: build, reason: "enough"), for: Cancelling.self)
            #expect(try await client.watch(build).verdict.result == .cancelled)
        }
    }
}
