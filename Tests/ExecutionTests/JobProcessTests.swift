import CLinux
import FactoryExecution
import FactoryProtocol
import FactorySpec
import Glibc
import IO
import Processes
import TestSupport
import Testing

/// The real program, started in a spool as an agent does it.
@Suite(.timeLimit(.minutes(2)))
struct JobProcessTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// `factory-worker`, built beside the tests.
    static let program = BuiltPrograms.path("factory-worker")

    func spool(_ test: SelfTest, timeout: Int64 = 60, root: String? = nil) throws -> Spool {
        // Control groups are named by jobs, and tests run side by side.
        let job = JobID("b.self-test-\(UInt32.random(in: 0...UInt32.max))")
        let spool = try Spool.make(in: root ?? folder.file("spool"), job: job, fence: Fence(1))
        try spool.write(
            order: JobOrder(
                job: job, attempt: 1, fence: Fence(1), work: .selfTest(test), timeoutSeconds: timeout,
                trees: folder.file("trees"), cache: folder.file("cache")))
        return spool
    }

    /// Waits until the job has said something that satisfies `condition`.
    static func heard(_ spool: Spool, _ condition: (Event.Kind) -> Bool) async throws {
        let watch = try SpoolWatch(spool)
        let follower = try EventFollower(spool, after: 0)
        while true {
            let events = try follower.read(limit: 1 << 20)
            if events.contains(where: { condition($0.kind) }) { return }
            if events.isEmpty { try await watch.changed(until: .in(.seconds(30))) }
        }
    }

    static func isLine(_ text: String) -> (Event.Kind) -> Bool {
        { if case .log(let line) = $0 { line.text == text } else { false } }
    }

    static func never() -> AsyncStream<JobLife.Stop> { AsyncStream { _ in } }

    @Test("A job runs in its own process, and its artifact, events and result are in the spool")
    func whole() async throws {
        let spool = try spool(SelfTest(seconds: 1, linesPerSecond: 5, megabytes: 1))
        let containment = await Containment.detect()
        let job = try JobProcess.start(spool, program: Self.program, in: containment)
        let result = try await job.result(stops: Self.never())
        #expect(result.outcome == .succeeded)
        #expect(result.artifacts.map(\.name) == ["self-test.bin"])
        let events = try EventFollower(spool, after: 0).read(limit: 1 << 20)
        #expect(events.map(\.seq) == Array(1...Int64(events.count)))
        let lines = events.compactMap { if case .log(let line) = $0.kind { line.text } else { nil } }
        #expect(lines == (1...5).map { "line \($0)" })
        #expect(try FileIO.status(spool.out + "/self-test.bin")?.size == 1 << 20)
        #expect(try SpoolLock.holder(spool) == nil)
    }

    @Test("A failure arrives with its cause", arguments: ["spec", "worker", "infrastructure", "internal"])
    func failing(cause: String) async throws {
        let spool = try spool(SelfTest(seconds: 1, linesPerSecond: 1, megabytes: 0, failure: cause))
        let job = try JobProcess.start(spool, program: Self.program, in: await Containment.detect())
        guard case .failed(let failure) = try await job.result(stops: Self.never()).outcome else {
            Issue.record("it did not fail")
            return
        }
        #expect(failure.cause.rawValue == cause)
        #expect(failure.step == "failure")
    }

    @Test("Cancelling ends a job long before its time, and its result says why")
    func cancelling() async throws {
        let spool = try spool(SelfTest(seconds: 60, linesPerSecond: 1, megabytes: 0))
        let job = try JobProcess.start(spool, program: Self.program, in: await Containment.detect())
        let (stops, continuation) = AsyncStream<JobLife.Stop>.makeStream()
        try await Self.heard(spool, Self.isLine("line 1"))
        let begin = ContinuousClock.now
        continuation.yield(.cancelled(reason: "root asked"))
        let result = try await job.result(stops: stops)
        #expect(result.outcome == .cancelled(Cancellation(reason: "root asked", killed: false)))
        #expect(ContinuousClock.now - begin < .seconds(30))
    }

    @Test("A job that takes too long ends itself, as the worker's failure")
    func timeout() async throws {
        let spool = try spool(SelfTest(seconds: 60, linesPerSecond: 1, megabytes: 0), timeout: 1)
        let job = try JobProcess.start(spool, program: Self.program, in: await Containment.detect())
        guard case .failed(let failure) = try await job.result(stops: Self.never()).outcome else {
            Issue.record("it did not fail")
            return
        }
        #expect(failure.code == "timed-out")
        #expect(failure.cause == .worker)
    }

    @Test("A job that cannot end itself any more is ended by its agent when its time is over, adopted or not, by KILL")
    func timeoutOfAnAgent() async throws {
        let containment = await Containment.detect()
        try #require(containment.isolation.hasPrivateMounts, "no namespaces here: \(containment.isolation.reasons)")
        let spool = try spool(SelfTest(seconds: 60, linesPerSecond: 1, megabytes: 0))
        let first = try JobProcess.start(spool, program: Self.program, in: containment)
        try await Self.heard(spool, Self.isLine("line 1"))
        kill(try #require(try SpoolLock.holder(spool)), SIGSTOP)
        guard case .living(let second) = try JobProcess.adopt(spool, in: containment) else {
            Issue.record("it was taken for dead")
            return
        }
        let begin = ContinuousClock.now
        let result = try await second.result(
            stops: Self.never(), limit: JobTimeLimit(seconds: 1, margin: .seconds(1)))
        #expect(result.outcome == .failed(JobLife.timedOut(1, killed: true)))
        #expect(ContinuousClock.now - begin >= JobProcess.grace)
        #expect(try SpoolLock.holder(spool) == nil)
        withExtendedLifetime(first) {}
    }

    @Test("KILL of the job alone leaves no process, no mount and no lock of it, and the result says so")
    func killed() async throws {
        let containment = await Containment.detect()
        try #require(containment.isolation.hasPrivateMounts, "no namespaces here: \(containment.isolation.reasons)")
        let spool = try spool(SelfTest(seconds: 60, linesPerSecond: 1, megabytes: 0, scratchMegabytes: 1))
        let job = try JobProcess.start(spool, program: Self.program, in: containment)
        try await Self.heard(spool, Self.isLine("line 1"))
        let holder = try #require(try SpoolLock.holder(spool))
        #expect(MountTables.has(spool.work, holder) && !MountTables.has(spool.work, getpid()))
        #expect(kill(holder, SIGKILL) == 0)
        guard case .failed(let failure) = try await job.result(stops: Self.never()).outcome else {
            Issue.record("it did not fail")
            return
        }
        #expect(failure.code == "job-process-lost")
        #expect(try SpoolLock.holder(spool) == nil)
        #expect(ProcessFacts(pid: job.pid) == nil)
        #expect(try MountTables.holders(of: spool.directory) == [])
        if let group = containment.parentGroup?.child(JobProcess.groupName(spool)) {
            #expect(try FileIO.status(group.path) == nil)
        }
    }

    @Test("A living job is adopted by its lock; its end, result and cancellation are the new agent's")
    func adoption() async throws {
        let containment = await Containment.detect()
        let spool = try spool(SelfTest(seconds: 60, linesPerSecond: 1, megabytes: 0))
        let first = try JobProcess.start(spool, program: Self.program, in: containment)
        try await Self.heard(spool, Self.isLine("line 1"))
        guard case .living(let second) = try JobProcess.adopt(spool, in: containment) else {
            Issue.record("it was taken for dead")
            return
        }
        #expect(second.pid == first.pid)
        let (stops, continuation) = AsyncStream<JobLife.Stop>.makeStream()
        continuation.yield(.cancelled(reason: "root asked"))
        let result = try await second.result(stops: stops)
        #expect(result.outcome == .cancelled(Cancellation(reason: "root asked", killed: false)))
        guard case .ended(let lock) = try JobProcess.adopt(spool, in: containment) else {
            Issue.record("it was taken for living")
            return
        }
        // The lock of the agent keeps the job from starting late: a process of its own finds it taken.
        let late = try await Command(Self.program, ["run-job", spool.directory]).run(until: .in(.seconds(30)))
        #expect(late == .exited(4))
        withExtendedLifetime(lock) {}
    }

    @Test(
        "A full disk under the spool is the worker's failure with that name",
        .enabled(if: geteuid() == 0, "needs root: mounts a small tmpfs"))
    func fullDisk() async throws {
        let small = try SmallDisk(kibibytes: 4096)
        let spool = try spool(SelfTest(seconds: 1, linesPerSecond: 1, megabytes: 16), root: small.path)
        let job = try JobProcess.start(spool, program: Self.program, in: await Containment.detect())
        guard case .failed(let failure) = try await job.result(stops: Self.never()).outcome else {
            Issue.record("it did not fail")
            return
        }
        #expect(failure.code == "disk-full")
        #expect(failure.cause == .worker)
        #expect(failure.step == "file")
    }
}
