package import FactoryProtocol
package import FactorySpec
import Glibc
import IO
import Processes

/// The job's own process: reads the order of a spool, runs the job's body, writes events and the one result.
///
/// It knows no network of ours, and nothing but its spool.
package struct JobHost: Sendable {
    /// What a job does.
    package typealias Body = @Sendable (JobWork, JobContext) async throws -> Void

    private let spool: Spool
    private let order: JobOrder
    // Held as long as the process lives; nothing reads it.
    private let lock: SpoolLock
    private let stop: StopSignal
    private let environment: ToolEnvironment
    /// Raised before the body is cancelled for it.
    private let isOutOfRoom = Locked(false)
    private let onEvent: @Sendable (Event.Kind) -> Void

    /// Takes the lock and reads the order.
    ///
    /// - Parameters:
    ///   - spool: The spool.
    ///   - stop: TERM and INT.
    ///   - environment: What tools get of it; its secrets are masked in every event and in the result.
    ///   - onEvent: Sees every event too; for a job that is run by hand.
    /// - Throws: `noSpool`, `badSpool`; `alreadyRunning`, `alreadyEnded`: the spool is left as it is.
    package init(
        _ spool: Spool, stop: StopSignal, environment: ToolEnvironment = .current,
        onEvent: @escaping @Sendable (Event.Kind) -> Void = { _ in }
    ) throws(ExecutionError) {
        self.spool = spool
        self.environment = environment
        self.stop = stop
        self.onEvent = onEvent
        order = try spool.order()
        guard let lock = try SpoolLock.take(spool) else {
            throw ExecutionError(.alreadyRunning, "\(spool.directory): another process runs this job")
        }
        self.lock = lock
        if try spool.result() != nil {
            throw ExecutionError(
                .alreadyEnded, "\(spool.directory): the job has ended; remove \(spool.resultPath) to run it again")
        }
        do throws(IOError) {
            try spool.makeFolders()
        } catch {
            throw ExecutionError(error)
        }
    }

    /// Runs the job to its end.
    ///
    /// - Returns: The result that was written.
    /// - Throws: `diskFull`, `spoolFailed` when not even the result could be written.
    package func run(_ body: @escaping Body) async throws(ExecutionError) -> JobResult {
        let ended = AsyncStream<JobEnd>.makeStream()
        let writer = try EventWriter(spool) { ended.continuation.yield(.spoolFailed($0)) }
        let heard = Locked(Heard())
        let report = JobReport { [onEvent, environment] kind in
            let kind = environment.masked(kind)
            heard.withLock { $0.hear(kind) }
            writer.append(kind)
            onEvent(kind)
        }
        let context = JobContext(
            job: order.job, inputs: order.inputs, spool: spool.directory, trees: order.trees, cache: order.cache,
            noCache: order.noCache, sourceDateEpoch: order.sourceDateEpoch, tools: environment, report: report,
            isOutOfRoom: { [isOutOfRoom] in isOutOfRoom.withLock { $0 } })
        let end = await race(ended, body, context)
        let made = heard.withLock { $0.artifacts }
        var outcome = outcome(of: end, made)
        if case .failed(var failure) = outcome {
            if failure.step == nil { failure.step = heard.withLock { $0.failedStep } }
            // Not knowing how much is left only makes the sentence shorter.
            let told = failure.considering(freeBytes: try? spool.freeBytes(), in: spool.directory)
            outcome = .failed(environment.masked(told).fitting)
        }
        return try await write(JobResult(outcome: outcome, artifacts: worthKeeping(made, outcome)), writer)
    }

    /// What the result takes from the events.
    private struct Heard {
        var artifacts: [Artifact] = []
        /// The last step that failed: the one that an error without a step comes from.
        var failedStep: String?

        mutating func hear(_ kind: Event.Kind) {
            switch kind {
            case .artifact(let artifact): artifacts.append(artifact)
            case .stepFinished(let step) where step.result == .failed: failedStep = step.step
            default: break
            }
        }
    }

    /// What ended the body.
    private enum JobEnd: Sendable {
        case done
        case failed(any Error)
        case stopped
        case timedOut
        case spoolFailed(ExecutionError)
    }

    /// Runs the body until it ends, or until something else says that it must; then it is cancelled and waited for.
    private func race(
        _ ended: (stream: AsyncStream<JobEnd>, continuation: AsyncStream<JobEnd>.Continuation), _ body: @escaping Body,
        _ context: JobContext
    ) async -> JobEnd {
        await withTaskGroup(of: JobEnd?.self) { group in
            group.addTask {
                do {
                    try await body(order.work, context)
                    return .done
                } catch {
                    return .failed(error)
                }
            }
            group.addTask {
                for await _ in stop.signals { return .stopped }
                return nil
            }
            group.addTask {
                for await end in ended.stream { return end }
                return nil
            }
            group.addTask {
                do throws(IOError) {
                    try await Poller.shared.sleep(until: .in(.seconds(order.timeoutSeconds)))
                    return .timedOut
                } catch {
                    return nil
                }
            }
            group.addTask { await outOfRoom() }
            // The first word counts: what the body throws because it was cancelled says nothing.
            var first: JobEnd?
            while let end = await group.next() {
                if first == nil, let end {
                    first = end
                    group.cancelAll()
                }
            }
            return first ?? .stopped
        }
    }

    /// Waits until less is free than is kept for the farm. What is written until the body has ended may take some of it.
    private func outOfRoom() async -> JobEnd? {
        guard let reserve = order.reserve else { return nil }
        while true {
            do throws(IOError) {
                let room = try await BlockingThreads.disk.run { () throws(IOError) in try reserve.room() }
                if room < 0 {
                    isOutOfRoom.withLock { $0 = true }
                    return .failed(IOError(.noSpace, reserve.words))
                }
                try await Poller.shared.sleep(until: .in(DiskReserve.pause(room: room)))
            } catch {
                // Cancelled; or the directory cannot be looked at, and what writes to it says why.
                return nil
            }
        }
    }

    private func outcome(of end: JobEnd, _ made: [Artifact]) -> Outcome {
        switch end {
        case .done:
            if let failure = missing(made) { return .failed(failure) }
            return .succeeded
        case .failed(let error): return .failed(Failure(of: error))
        case .stopped: return .cancelled(Cancellation(reason: "the job's process got TERM", killed: false))
        case .timedOut: return .failed(JobLife.timedOut(order.timeoutSeconds, killed: false))
        case .spoolFailed(let error): return .failed(Failure(of: error))
        }
    }

    /// What of the artifacts goes with the result: a failed job's consoles and reports are what tells why it failed.
    private func worthKeeping(_ made: [Artifact], _ outcome: Outcome) -> [Artifact] {
        switch outcome {
        case .succeeded: made
        case .failed: made.filter { sizeOf($0) == $0.size }
        case .cancelled: []
        }
    }

    /// How many bytes an artifact has in the spool. Not there and not readable are the same here.
    private func sizeOf(_ artifact: Artifact) -> Int64? {
        (try? FileIO.status(spool.out + "/" + artifact.name))?.map { Int64($0.size) }
    }

    /// The failure of a job that reported an artifact it did not leave.
    private func missing(_ made: [Artifact]) -> Failure? {
        for artifact in made {
            let path = spool.out + "/" + artifact.name
            let size = sizeOf(artifact)
            if size != artifact.size {
                let found = size.map { "has \($0) bytes" } ?? "is not there"
                return Failure(
                    cause: .internal, code: "artifact-missing",
                    message: "The artifact \(artifact.name) should have \(artifact.size) bytes, but \(path) \(found)")
            }
        }
        return nil
    }

    /// Writes the result; on a full disk with the room that was kept for it.
    private func write(_ result: JobResult, _ writer: EventWriter) async throws(ExecutionError) -> JobResult {
        do throws(ExecutionError) {
            try await OwnThread.run("result") { () throws(ExecutionError) in try spool.write(result: result) }
            return result
        } catch {
            guard error.code == .diskFull else { throw error }
        }
        try writer.useReserve()
        // The body may have filled the disk with scratch that nobody needs any more.
        try await OwnThread.run("result") { () throws(ExecutionError) in try spool.write(result: result) }
        return result
    }
}
