import FactoryProtocol
import FactoryQueue
import FactorySpec
import FactoryWire
import IO
import JSON
import SQLite
import TestSupport
import Testing

@testable import FactoryScheduling

/// Jobs that cannot be placed, or whose workers say nothing, hold up nobody else.
@Suite(.timeLimit(.minutes(2)))
struct PlacingTests {
    private func damage(_ fixture: FarmFixture, _ change: String, _ build: BuildID) async throws {
        try await fixture.farm.store.writer.write { db in
            _ = try db.run("UPDATE jobs SET \(change) WHERE build = ?", build)
        }
    }

    @Test(arguments: ["work_json = '{\"kind\":\"x\"}'", "work_format = 2", "requirements_json = '7'"])
    func aJobThatCannotBeDecodedFailsAndThoseAroundItRun(change: String) async throws {
        let fixture = try FarmFixture()
        try await fixture.run {
            let client = try await fixture.client()
            var builds: [BuildID] = []
            for key in ["a", "b", "c"] { builds.append(try await fixture.submit(client, key: key).build) }
            try await damage(fixture, change, builds[1])
            let (worker, _) = try await fixture.worker(slots: 3)
            let given: [Assign] = [try await worker.expect(), try await worker.expect()]
            #expect(given.map(\.job.build) == [builds[0], builds[2]])
            #expect(given.allSatisfy { $0.workFormat == JobWork.format })
            let (_, verdict) = try await client.watch(builds[1])
            #expect((verdict.cause, verdict.code) == (.internal, "undecodable-work"))
            #expect(verdict.result == .failed || verdict.result == .infrastructure, "\(verdict)")
        }
    }

    /// A constraint stands for whatever else can go wrong with the row of one job.
    @Test func anErrorWithOneJobLosesNoClaimBeforeItAndStopsNoneBehindIt() async throws {
        let fixture = try FarmFixture()
        try await fixture.run {
            let client = try await fixture.client()
            var builds: [BuildID] = []
            for key in ["a", "b", "c"] { builds.append(try await fixture.submit(client, key: key).build) }
            let bad = builds[1].rawValue
            try await fixture.farm.store.writer.write { db in
                try db.script(
                    """
                    CREATE TRIGGER broken BEFORE INSERT ON attempts WHEN NEW.job LIKE '\(bad)%'
                    BEGIN SELECT RAISE(ABORT, 'broken'); END
                    """)
            }
            let (worker, _) = try await fixture.worker(slots: 3)
            let given: [Assign] = [try await worker.expect(), try await worker.expect()]
            #expect(given.map(\.job.build) == [builds[0], builds[2]])
            try await fixture.farm.store.writer.write { db in try db.script("DROP TRIGGER broken") }
            let third: Assign = try await worker.expect()
            #expect(third.job.build == builds[1])
        }
    }

    @Test func thatNoJobCanBePlacedIsSaidOnceAndAgainAfterOneWasPlaced() async throws {
        let (lines, said) = AsyncStream<String>.makeStream()
        let log = FarmLog { _, sentence, _ in said.yield(sentence) }
        let fixture = try FarmFixture(log: log) { $0.acceptance = .seconds(1) }
        // Each claim needs more room than there is; nothing else does.
        let fill = """
            PRAGMA max_page_count = 200;
            CREATE TABLE IF NOT EXISTS ballast(bytes BLOB);
            CREATE TRIGGER large BEFORE INSERT ON attempts BEGIN INSERT INTO ballast VALUES (zeroblob(2000000)); END
            """
        let store = fixture.farm.store
        try await fixture.run {
            let client = try await fixture.client()
            let (worker, _) = try await fixture.worker(slots: 3)
            var seen = lines.makeAsyncIterator()
            var faults = 0
            for key in ["a", "b"] {
                // Is given back after a second, in which many passes were made.
                _ = try await fixture.submit(client, key: key + "1")
                let _: Assign = try await worker.expect()
                try await store.writer.write { db in try db.script(fill) }
                _ = try await fixture.submit(client, key: key + "2")
                while let line = await seen.next(), line != "A worker did not accept a job in time." {
                    if line == "Jobs could not be placed." { faults += 1 }
                }
                #expect(faults == (key == "a" ? 1 : 2))
                try await store.writer.write { db in try db.script("DROP TRIGGER large") }
                var settled = 0
                while settled < 2 {
                    let incoming = try await worker.next()
                    if incoming.type == Settled.type { settled += 1 }
                    guard incoming.type == Assign.type else { continue }
                    let assign: Assign = try incoming.decode()
                    try await worker.say(Finished(job: assign.job, fence: assign.fence, outcome: .succeeded))
                }
            }
        }
    }

    @Test func aWorkerThatDeclinesEverythingUsesUpNoAttemptsWhileAnotherIsBusy() async throws {
        let fixture = try FarmFixture()
        try await fixture.run {
            let client = try await fixture.client()
            let (busy, _) = try await fixture.worker("busy")
            _ = try await fixture.submit(client, key: "first")
            let first: Assign = try await busy.expect()
            try await busy.say(Accepted(job: first.job, fence: first.fence))
            let (ill, _) = try await fixture.worker("ill")
            let build = try await fixture.submit(client, key: "second").build
            for _ in 1...Decliners.patience {
                let offer: Assign = try await ill.expect()
                try await ill.say(Declined(job: offer.job, fence: offer.fence, reason: "the disk does not answer"))
            }
            // Several times the longest pause after a decline.
            try await Poller.shared.sleep(until: .in(.milliseconds(500)))
            let _: Settled = try await busy.ask(Finished(job: first.job, fence: first.fence, outcome: .succeeded))
            let second: Assign = try await busy.expect()
            #expect(second.job.build == build && second.attempt == 1)
        }
    }

    @Test func aJobThatEveryWorkerDeclinesIsOfferedAfterPausesAndIsTakenByTheNextOneThatComes() async throws {
        let fixture = try FarmFixture()
        try await fixture.run {
            let client = try await fixture.client()
            var workers: [TestPeer] = []
            for name in ["w1", "w2"] { workers.append(try await fixture.worker(name).peer) }
            let submitted = try await fixture.submit(client)
            let offers = Locked<[(worker: Int, at: ContinuousClock.Instant)]>([])
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (index, worker) in workers.enumerated() {
                    group.addTask {
                        // Ends with the group.
                        while let offer: Assign = try? await worker.expect() {
                            offers.withLock { $0.append((worker: index, at: .now)) }
                            try await worker.say(
                                Declined(job: offer.job, fence: offer.fence, reason: "the spool is full"))
                        }
                    }
                }
                let deadline = Deadline.in(.seconds(30))
                while offers.withLock({ $0.count }) < 4, !deadline.hasPassed {
                    try await Poller.shared.sleep(until: .in(.milliseconds(5)))
                }
                let job = JobID("\(submitted.build).self-test-amd64")
                var explained = try await client.ask(Explain(job: job), for: Explained.self)
                // Between two pauses it is on its way to a worker, for a moment.
                while !explained.summary.contains("tried again in"), !deadline.hasPassed {
                    explained = try await client.ask(Explain(job: job), for: Explained.self)
                }
                #expect(explained.summary.contains("declined: the spool is full"), "\(explained.summary)")
                let (third, _) = try await fixture.worker("w3")
                let taken: Assign = try await third.expect()
                #expect(taken.job == job && taken.attempt == 1, "no decline is an attempt")
                try await third.say(Accepted(job: taken.job, fence: taken.fence))
                let _: Settled = try await third.ask(Finished(job: taken.job, fence: taken.fence, outcome: .succeeded))
                #expect(try await client.watch(submitted.build).verdict.result == .succeeded)
                group.cancelAll()
            }
            let made = offers.withLock { $0 }
            #expect(Set(made.map(\.worker)) == [0, 1], "the other worker is asked too")
            // The queue's pause is 50 ms and more; its clock counts whole milliseconds.
            for (before, after) in zip(made, made.dropFirst()) {
                #expect(after.at - before.at >= .milliseconds(45), "no pause after a decline")
            }
        }
    }

    @Test func aJobThatAWorkerDoesNotAcceptGoesBackAndItsLateWordIsSuperseded() async throws {
        let fixture = try FarmFixture { $0.acceptance = .seconds(2) }
        try await fixture.run {
            let client = try await fixture.client()
            let (worker, _) = try await fixture.worker()
            let submitted = try await fixture.submit(client)
            let first: Assign = try await worker.expect()
            let explained = try await client.ask(Explain(job: first.job), for: Explained.self)
            #expect(explained.summary.contains("unless the worker accepts it"), "\(explained.summary)")
            // The worker lives: it is given the job again, which was no attempt.
            let second: Assign = try await worker.expect()
            #expect((second.job, second.attempt) == (first.job, 1))
            try await worker.say(Accepted(job: second.job, fence: second.fence))
            try await worker.say(Accepted(job: first.job, fence: first.fence))
            let superseded: Superseded = try await worker.expect()
            #expect(superseded.fence == first.fence)
            let _: Settled = try await worker.ask(
                Finished(job: second.job, fence: second.fence, outcome: .succeeded))
            #expect(try await client.watch(submitted.build).verdict.result == .succeeded)
        }
    }
}
