import FactoryExecution
import FactoryProtocol
import FactorySpec
import FactoryWire
import Glibc
import IO
import JSON
import Processes
import TestSupport
import Testing

@testable import factory_worker

/// The real agent against a farm whose every word is the test's.
@Suite(.timeLimit(.minutes(3)))
struct AgentTests {
    static func isLine(_ text: String) -> (Event) -> Bool {
        { if case .log(let line) = $0.kind { line.text == text } else { false } }
    }

    static func lines(_ events: [Event]) -> [String] {
        events.compactMap { if case .log(let line) = $0.kind { line.text } else { nil } }
    }

    /// The first `count` lines that a self test prints.
    static func expected(_ count: Int) -> [String] { (1...count).map { "line \($0)" } }

    /// Waits until the spool is gone.
    static func removed(_ spool: Spool) async throws {
        let deadline = Deadline.in(.seconds(20))
        while try FileIO.status(spool.directory) != nil {
            guard !deadline.hasPassed else {
                Issue.record("\(spool.directory) is still there")
                return
            }
            try await Poller.shared.sleep(until: .in(.milliseconds(20)))
        }
    }

    @Test(
        "A job is accepted, its events come once and in order, its end is told, and its spool goes when it is settled")
    func whole() async throws {
        let farm = try FakeFarm()
        let agent = try farm.startAgent()
        let connection = try await farm.idleWorker()
        try await connection.send(
            try farm.assignment(SelfTest(seconds: 1, linesPerSecond: 20, megabytes: 0, failure: "infrastructure")))
        #expect(try await connection.next(Accepted.self).fence == Fence(1))
        let (events, finished) = try await connection.events()
        #expect(events.map(\.seq) == Array(1...Int64(events.count)))
        #expect(Self.lines(events) == Self.expected(20))
        guard case .failed(let failure) = finished?.outcome else {
            Issue.record("\(String(describing: finished))")
            return
        }
        #expect(failure.cause == .infrastructure)
        let spool = try farm.spool()
        try await connection.send(Settled(job: farm.job, fence: Fence(1)))
        try await Self.removed(spool)
        try agent.kill()
    }

    @Test(
        "A job whose assignment is not understood is declined with the reason, and the session goes on",
        arguments: [
            #"{"kind":"assign","attempt":1,"timeoutSeconds":1,"upload":7}"#, #"{"attempt":"first"}"#, "{}",
        ])
    func notUnderstood(rest: String) async throws {
        let farm = try FakeFarm()
        let agent = try farm.startAgent()
        let connection = try await farm.idleWorker()
        var fields: [String: JSONValue] = ["job": .string(farm.job.rawValue), "fence": 3]
        guard case .object(let more) = try StrictJSON.decode(JSONValue.self, from: Array(rest.utf8)) else { return }
        fields.merge(more) { own, _ in own }
        try await connection.send(OddAssign(fields: fields))
        let declined = try await connection.next(Declined.self)
        #expect(declined.job == farm.job && declined.fence == Fence(3))
        #expect(declined.reason.contains("not understood"), "\(declined.reason)")
        // Without a job there is nothing to decline, and the next job is taken all the same.
        try await connection.send(OddAssign(fields: ["fence": 4]))
        try await connection.send(try farm.assignment(SelfTest(seconds: 1, linesPerSecond: 0, megabytes: 0), fence: 5))
        #expect(try await connection.next(Accepted.self).fence == Fence(5))
        try agent.kill()
    }

    @Test(
        "A job whose work is written in a format that is unknown here is declined, and one without a number is of format 1",
        arguments: [nil, 1, 2, 0, -1, .max, .min] as [Int64?])
    func workFormat(_ format: Int64?) async throws {
        let farm = try FakeFarm()
        let agent = try farm.startAgent()
        let connection = try await farm.idleWorker()
        var assign = try farm.assignment(SelfTest(seconds: 1, linesPerSecond: 0, megabytes: 0))
        assign.workFormat = format
        try await connection.send(assign)
        if format == nil || format == JobWork.format {
            #expect(try await connection.next(Accepted.self).fence == Fence(1))
        } else {
            let declined = try await connection.next(Declined.self)
            #expect(declined.reason.contains("format \(format ?? 0)"), "\(declined.reason)")
            #expect(declined.reason.contains("up to \(JobWork.format): upgrade"), "\(declined.reason)")
            #expect(try Spool.all(in: farm.spools).isEmpty)
        }
        try agent.kill()
    }

    @Test("A job that an agent of a newer release accepted is given up by an older one, which cannot read it")
    func newerSpool() throws {
        let farm = try FakeFarm()
        let spool = try Spool.make(in: farm.spools, job: farm.job, fence: Fence(1))
        var assign = try farm.assignment(SelfTest(seconds: 1))
        assign.workFormat = JobWork.format + 1
        try AtomicFile.write(try CanonicalJSON.encode(assign), to: spool.directory + "/assign.json")
        #expect {
            try Assignment(in: spool)
        } throws: {
            ($0 as? ExecutionError)?.code == .badSpool
        }
        assign.workFormat = nil
        try AtomicFile.write(try CanonicalJSON.encode(assign), to: spool.directory + "/assign.json")
        #expect(try Assignment(in: spool).work.kind == "self-test")
    }

    /// An `assign` as another release may say it.
    struct OddAssign: Message {
        static let type = Assign.type
        let fields: [String: JSONValue]

        init(fields: [String: JSONValue]) { self.fields = fields }
        init(from decoder: any Decoder) throws { fields = try [String: JSONValue](from: decoder) }
        func encode(to encoder: any Encoder) throws { try fields.encode(to: encoder) }
    }

    @Test("KILL of the agent stops no job: the next agent adopts it, and every line arrives once")
    func agentKilled() async throws {
        let farm = try FakeFarm()
        let first = try farm.startAgent()
        let connection = try await farm.idleWorker()
        try await connection.send(
            try farm.assignment(SelfTest(seconds: 4, linesPerSecond: 5, megabytes: 0, failure: "spec")))
        let (before, _) = try await connection.events(until: Self.isLine("line 5"))
        let spool = try farm.spool()
        let job = try #require(try SpoolLock.holder(spool))
        try first.kill()
        _ = try await first.ended(until: .in(.seconds(10)))
        let second = try farm.startAgent()
        let (again, resume) = try await farm.worker()
        let held = try resume.decode(Resume.self).jobs
        #expect(held.map(\.job) == [farm.job])
        #expect(try SpoolLock.holder(spool) == job)
        let acked = try #require(before.last?.seq)
        #expect(held.first.map { $0.through >= acked } == true)
        try await again.keep(resume, ackedThrough: acked)
        let (after, finished) = try await again.events()
        #expect(finished != nil)
        #expect((before + after).map(\.seq) == Array(1...Int64(before.count + after.count)))
        #expect(Self.lines(before + after) == Self.expected(20))
        try second.kill()
    }

    @Test("A job that ends while no agent lives is told by the next one")
    func endedAlone() async throws {
        let farm = try FakeFarm()
        let first = try farm.startAgent()
        let connection = try await farm.idleWorker()
        try await connection.send(
            try farm.assignment(SelfTest(seconds: 1, linesPerSecond: 5, megabytes: 0, failure: "spec")))
        _ = try await connection.next(Accepted.self)
        let spool = try farm.spool()
        _ = try await connection.events(acknowledging: false, until: Self.isLine("line 1"))
        try first.kill()
        let deadline = Deadline.in(.seconds(30))
        while try spool.result() == nil, !deadline.hasPassed {
            try await Poller.shared.sleep(until: .in(.milliseconds(20)))
        }
        let second = try farm.startAgent()
        let (again, resume) = try await farm.worker()
        try await again.keep(resume, ackedThrough: 0)
        let (events, finished) = try await again.events()
        #expect(Self.lines(events) == Self.expected(5))
        #expect(finished != nil)
        try second.kill()
    }

    @Test("TERM ends the agent and no job")
    func agentStopped() async throws {
        let farm = try FakeFarm()
        let agent = try farm.startAgent()
        let connection = try await farm.idleWorker()
        try await connection.send(try farm.assignment(SelfTest(seconds: 60, linesPerSecond: 1, megabytes: 0)))
        _ = try await connection.events(until: Self.isLine("line 1"))
        try agent.ask()
        #expect(try await agent.ended(until: .in(.seconds(10)))?.status == .exited(0))
        #expect(try SpoolLock.holder(try farm.spool()) != nil)
    }

    @Test("A lost connection is made again, and what was not acknowledged is sent again")
    func reconnecting() async throws {
        let farm = try FakeFarm()
        let agent = try farm.startAgent()
        let connection = try await farm.idleWorker()
        try await connection.send(
            try farm.assignment(SelfTest(seconds: 2, linesPerSecond: 5, megabytes: 0, failure: "spec")))
        _ = try await connection.events(acknowledging: false, until: Self.isLine("line 3"))
        connection.close()
        let (again, resume) = try await farm.worker()
        try await again.keep(resume, ackedThrough: 2)
        let (events, finished) = try await again.events()
        #expect(events.map(\.seq) == Array(3...Int64(events.count + 2)))
        #expect(finished != nil)
        try agent.kill()
    }

    @Test("Cancelling reaches the job, and the end says who asked")
    func cancelling() async throws {
        let farm = try FakeFarm()
        let agent = try farm.startAgent()
        let connection = try await farm.idleWorker()
        try await connection.send(try farm.assignment(SelfTest(seconds: 60, linesPerSecond: 1, megabytes: 0)))
        _ = try await connection.events(until: Self.isLine("line 1"))
        try await connection.send(CancelJob(job: farm.job, fence: Fence(1), reason: "root asked"))
        let (_, finished) = try await connection.events()
        #expect(finished?.outcome == .cancelled(Cancellation(reason: "root asked", killed: false)))
        try agent.kill()
    }

    @Test("A job that does not hear TERM gets KILL after ten seconds, and its end says so")
    func cancellingTheDeaf() async throws {
        let farm = try FakeFarm()
        let agent = try farm.startAgent()
        let connection = try await farm.idleWorker()
        try await connection.send(try farm.assignment(SelfTest(seconds: 60, linesPerSecond: 1, megabytes: 0)))
        _ = try await connection.events(until: AgentTests.isLine("line 1"))
        kill(try #require(try SpoolLock.holder(try farm.spool())), SIGSTOP)
        let begin = ContinuousClock.now
        try await connection.send(CancelJob(job: farm.job, fence: Fence(1), reason: "root asked"))
        let (_, finished) = try await connection.events()
        #expect(finished?.outcome == .cancelled(Cancellation(reason: "root asked", killed: true)))
        #expect(ContinuousClock.now - begin >= JobProcess.grace)
        try agent.kill()
    }

    @Test("A job that the farm gave away is ended and its spool removed")
    func superseded() async throws {
        let farm = try FakeFarm()
        let agent = try farm.startAgent()
        let connection = try await farm.idleWorker()
        try await connection.send(try farm.assignment(SelfTest(seconds: 60, linesPerSecond: 1, megabytes: 0)))
        _ = try await connection.events(until: Self.isLine("line 1"))
        let spool = try farm.spool()
        try await connection.send(Superseded(job: farm.job, fence: Fence(1)))
        try await Self.removed(spool)
        try agent.kill()
    }

    @Test("KILL of the job is told as the worker's failure")
    func jobKilled() async throws {
        let farm = try FakeFarm()
        let agent = try farm.startAgent()
        let connection = try await farm.idleWorker()
        try await connection.send(try farm.assignment(SelfTest(seconds: 60, linesPerSecond: 1, megabytes: 0)))
        _ = try await connection.events(until: Self.isLine("line 1"))
        kill(try #require(try SpoolLock.holder(try farm.spool())), SIGKILL)
        let (_, finished) = try await connection.events()
        guard case .failed(let failure) = finished?.outcome else {
            Issue.record("\(String(describing: finished))")
            return
        }
        #expect(failure.cause == .worker)
        #expect(failure.code == "job-process-lost")
        try agent.kill()
    }

    @Test("More jobs than slots, and work that nobody knows, are declined in words")
    func declining() async throws {
        let farm = try FakeFarm()
        let agent = try farm.startAgent()
        let connection = try await farm.idleWorker()
        for fence in 1...3 {
            try await connection.send(
                try farm.assignment(SelfTest(seconds: 60, linesPerSecond: 0, megabytes: 0), fence: Int64(fence)))
        }
        let declined = try await connection.next(Declined.self)
        #expect(declined.fence == Fence(3))
        #expect(declined.reason == "all 2 slots are taken")
        try agent.kill()
    }

    @Test("Who gets jobs is the farm's decision: what it gives to a worker that it drained is taken")
    func draining() async throws {
        let farm = try FakeFarm()
        let agent = try farm.startAgent()
        let connection = try await farm.idleWorker()
        try await connection.send(Drain())
        try await connection.send(
            try farm.assignment(SelfTest(seconds: 1, linesPerSecond: 1, megabytes: 0, failure: "spec")))
        #expect(try await connection.next(Accepted.self).fence == Fence(1))
        let (_, finished) = try await connection.events()
        #expect(finished != nil)
        try agent.kill()
    }
}
