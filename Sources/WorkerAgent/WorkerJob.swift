import FactoryClient
import FactoryExecution
import FactoryProtocol
import FactorySpec
import Glibc
import IO
import Processes
import Systemd

/// One job that this worker holds: its process, its events, its artifacts, until the server has said the last word.
///
/// What to do next is ``JobCourse``'s matter; here it is done.
final class WorkerJob: Sendable {
    /// How often the artifacts of a failed job are tried to deliver before its failure is told without them.
    private static let deliveries = 5

    let claim: Claim
    let spool: Spool
    private let assignment: Assignment
    private let agent: AgentParts
    private let course = Locked(JobCourse())
    private let session = Locked<Line?>(nil)
    private let signal = Signal()
    private let stop = StopWish()
    /// Raised when the server has said that the job is ours.
    private let kept = Signal()

    /// A connection, and the number that tells it from the one before.
    private struct Line {
        let session: FarmSession
        let number: Int
    }

    init(_ assignment: Assignment, _ spool: Spool, _ agent: AgentParts) {
        claim = assignment.claim
        self.assignment = assignment
        self.spool = spool
        self.agent = agent
    }

    // MARK: What the server says

    /// There is a connection, and the server has the events up to that number.
    func connected(_ farm: FarmSession, acked: Int64) {
        session.withLock { $0 = Line(session: farm, number: ($0?.number ?? 0) + 1) }
        course.withLock { $0.connected(acked: acked) }
        kept.raise()
        signal.raise()
    }

    /// The connection is gone.
    func disconnected() {
        course.withLock { $0.disconnected() }
        signal.raise()
    }

    /// The server has stored the events up to that number.
    func acked(through: Int64) {
        course.withLock { $0.acked(through: through) }
        signal.raise()
    }

    /// The server has the end on its disk.
    func settled() {
        course.withLock { $0.settled() }
        signal.raise()
    }

    /// The claim is not ours any more: the process has to go, then the spool.
    func dropped() {
        course.withLock { $0.dropped() }
        stop.make(.superseded)
        signal.raise()
    }

    /// Somebody wants the job to end.
    func cancel(reason: String) { stop.make(.cancelled(reason: reason)) }

    /// What it does, in a word.
    var kind: String { assignment.work.kind }

    /// Whether its process still runs, as far as we know.
    var isRunning: Bool { course.withLock { $0.isRunning } }

    /// Whether it takes one of the worker's slots.
    var takesSlot: Bool { course.withLock { $0.takesSlot } }

    // MARK: What is done

    /// Does all of it; returns when the spool is gone, or when the task is cancelled: the process lives on then, and the
    /// next agent finds it.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.supervise() }
            group.addTask { await self.watchEvents() }
            await self.follow()
            group.cancelAll()
        }
    }

    /// Prepares and starts the process, or takes charge of a living one, and waits for its end.
    private func supervise() async {
        let result: JobResult
        do {
            result = try await processResult()
        } catch {
            // The agent ends: the process lives on, and the next agent finds it.
            if Task.isCancelled { return }
            result = JobResult(outcome: .failed(Self.failure(error).fitting), artifacts: [])
        }
        do throws(ExecutionError) {
            try await OwnThread.run("scratch") { [spool] () throws(ExecutionError) in try spool.removeScratch() }
        } catch {
            agent.log.write(.warning, "Scratch space could not be removed.", values(["why": error.message]))
        }
        agent.log.write(.info, "A job's process ended.", values(["outcome": result.outcome.word]))
        // Before the farm hears of it and looks for a worker for the next attempt.
        if case .failed(let failure) = result.outcome, failure.code == Failure.mountForbids { await agent.lookAgain() }
        course.withLock { $0.ended(result) }
        signal.raise()
    }

    /// How the attempt ended.
    private func processResult() async throws -> JobResult {
        let limit = JobTimeLimit(seconds: assignment.assign.timeoutSeconds)
        let isOrdered = await BlockingThreads.disk.run { [spool] in access(spool.orderPath, F_OK) == 0 }
        guard isOrdered else {
            // Nothing was started yet, by us or by an agent before us.
            switch try await prepared() {
            case .stopped(let stop): return JobProcess.result(ofUnstarted: stop)
            case .ready: return try await start().result(stops: stop.wished, limit: limit)
            }
        }
        let adoption = try await BlockingThreads.disk.run { [spool, agent] () throws(ExecutionError) in
            try JobProcess.adopt(spool, in: agent.containment)
        }
        switch adoption {
        case .living(let process):
            agent.log.write(.info, "A job's process was adopted.", values(["pid": "\(process.pid)"]))
            return try await process.result(stops: stop.wished, limit: limit)
        case .ended(let lock):
            // Held to the end of the course, so that no late process can start in a spool that is given up.
            agent.keep(lock, of: claim)
            return try await BlockingThreads.disk.run { [spool] () throws(ExecutionError) in
                try JobProcess.result(ofEnded: spool)
            }
        }
    }

    /// What came first.
    private enum Preparation {
        case ready
        case stopped(JobLife.Stop)
    }

    /// Waits until the server has said that the job is ours, and fetches its inputs, for as long as nobody wants it to end:
    /// the job of a spool that an earlier agent left may have been given away.
    private func prepared() async throws -> Preparation {
        try await withThrowingTaskGroup(of: Preparation?.self) { group in
            group.addTask {
                for await _ in self.kept.raised {
                    try await self.agent.delivery.fetchInputs(self.assignment, to: self.spool) {
                        self.course.withLock { $0.isConnected }
                    }
                    return .ready
                }
                return nil
            }
            group.addTask {
                for await stop in self.stop.wished { return .stopped(stop) }
                return nil
            }
            defer { group.cancelAll() }
            // Neither: the agent ends.
            guard let first = try await group.next() ?? nil else { throw CancellationError() }
            return first
        }
    }

    /// Writes the order, and starts the process.
    private func start() async throws -> JobProcess {
        try await OwnThread.run("order") { [spool, assignment, settings = agent.settings] () throws(ExecutionError) in
            try spool.write(order: assignment.order(settings, in: spool))
        }
        let process = try await BlockingThreads.disk.run { [spool, agent] () throws(ExecutionError) in
            try JobProcess.start(
                spool, program: agent.settings.program, in: agent.containment, environment: agent.jobEnvironment)
        }
        agent.log.write(
            .info, "A job's process was started.",
            values(["pid": "\(process.pid)", "isolation": "\(process.isolation)"]))
        return process
    }

    private static func failure(_ error: any Error) -> Failure {
        switch error {
        case let error as JobFailure: error.failure
        case let error as ExecutionError: Failure(cause: .worker, code: error.code.rawValue, message: error.message)
        default: Failure(cause: .internal, code: "unexpected", message: "\(error)")
        }
    }

    /// Raises the signal whenever the spool has grown.
    private func watchEvents() async {
        do {
            let watch = try await BlockingThreads.disk.run { [spool] () throws(ExecutionError) in try SpoolWatch(spool)
            }
            while true {
                course.withLock { $0.grown() }
                signal.raise()
                // Looked again after a while even so: a missed wake-up may cost seconds, never a build.
                do throws(IOError) {
                    try await watch.changed(until: .in(.seconds(5)))
                } catch {
                    guard error.code == .timedOut else { return }
                }
            }
        } catch {
            agent.log.write(.error, "A spool cannot be watched.", values(["why": "\(error)"]))
        }
    }

    /// Goes from step to step of the course.
    private func follow() async {
        var reader: (follower: EventFollower, line: Int)?
        var backoff = Backoff()
        var deliveries = 0
        var wakes = signal.raised.makeAsyncIterator()
        while !Task.isCancelled {
            switch course.withLock({ $0.next() }) {
            case .wait:
                if await wakes.next() == nil { return }
            case .forward(let bytes):
                await forward(bytes, &reader)
            case .deliver(let result):
                deliveries += 1
                do throws(DeliveryError) {
                    let delivered = try await agent.delivery.bring(
                        result, of: assignment, from: spool, isLastTry: deliveries >= Self.deliveries)
                    course.withLock { $0.delivered(delivered) }
                } catch {
                    agent.log.write(.warning, "Artifacts could not be delivered yet.", values(["why": error.message]))
                    await pause(backoff.failed(chance: .random(in: 0...1)))
                }
            case .finish(let result):
                if await !tell(finished(result)) {
                    let failure = Failure(
                        cause: .internal, code: "result-too-large",
                        message: "The job's result with its \(result.artifacts.count) artifacts exceeds a message")
                    _ = await tell(finished(JobResult(outcome: .failed(failure), artifacts: [])))
                }
                course.withLock { $0.finished() }
            case .remove:
                await remove()
                return
            }
        }
    }

    /// Reads the next events and sends them.
    private func forward(_ bytes: Int, _ reader: inout (follower: EventFollower, line: Int)?) async {
        guard let line = session.withLock({ $0 }) else { return }
        do throws(ExecutionError) {
            if reader?.line != line.number {
                let acked = course.withLock { $0.ackedThrough }
                let follower = try await BlockingThreads.disk.run { [spool] () throws(ExecutionError) in
                    try EventFollower(spool, after: acked)
                }
                reader = (follower, line.number)
            }
            guard let follower = reader?.follower else { return }
            let (events, count) = try await BlockingThreads.disk.run { () throws(ExecutionError) in
                let before = follower.bytesRead
                return (try follower.read(limit: bytes), follower.bytesRead - before)
            }
            // Another connection came meanwhile: it begins behind what the server has.
            guard session.withLock({ $0?.number }) == line.number else { return }
            course.withLock { $0.forwarded(through: events.last?.seq, bytes: count) }
            if events.isEmpty { return }
            // Events are cut to size where they are written; one that is too large even so ends the line, and is said.
            if await !tell(JobEvents(job: claim.job, fence: claim.fence, events: events)) { line.session.close() }
        } catch {
            agent.log.write(.error, "Events of a job cannot be read.", values(["why": error.message]))
            await pause(.seconds(5))
        }
    }

    private func finished(_ result: JobResult) -> Finished {
        Finished(job: claim.job, fence: claim.fence, outcome: result.outcome, artifacts: result.artifacts)
    }

    /// Says something to the farm, if it can be heard.
    ///
    /// - Returns: False when no connection will ever carry it, because it is too large.
    private func tell(_ message: some Message) async -> Bool {
        guard let line = session.withLock({ $0 }) else { return true }
        do throws(ClientError) {
            try await line.session.send(message)
            return true
        } catch {
            if error.reason == ProtocolError.Code.frameTooLarge.rawValue {
                agent.log.write(.error, "Something cannot be told to the farm.", values(["why": error.message]))
                return false
            }
            // The connection is gone; whoever receives on it notices and tells us, and then it is said again.
            line.session.close()
            return true
        }
    }

    private func remove() async {
        do throws(ExecutionError) {
            try await OwnThread.run("remove") { [spool] () throws(ExecutionError) in try spool.remove() }
        } catch {
            agent.log.write(.error, "A spool could not be removed.", values(["why": error.message]))
        }
        agent.release(claim)
    }

    private func pause(_ time: Duration) async {
        // Cancelled: the loop that paused ends.
        try? await Poller.shared.sleep(until: .in(time))
    }

    private func values(_ more: [String: String] = [:]) -> [String: String] {
        more.merging(["job": claim.job.rawValue, "fence": claim.fence.description]) { own, _ in own }
    }
}
