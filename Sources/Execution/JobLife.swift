package import FactoryProtocol
package import Processes

/// The life of a job's process as the agent sees it: running, asked to end, killed, ended.
///
/// ```text
/// running ──stopWanted──► asked ──graceOver──► killed
///    │                      │                     │
///    └──────────────── processEnded ──────────────┴──► ended, with one result
/// ```
///
/// Pure: it is told what happened and answers what to do; whoever watches the process keeps the time.
package struct JobLife: Sendable, Equatable {
    /// Why a job is stopped.
    package enum Stop: Sendable, Equatable {
        /// Somebody asked for it, in these words.
        case cancelled(reason: String)
        /// It took longer than its order allows, in seconds, and did not end itself.
        case timedOut(seconds: Int64)
        /// The claim is not ours any more: nobody will hear its result.
        case superseded
    }

    /// What the owner does now.
    package enum Action: Sendable, Equatable {
        case nothing
        /// TERM, and tell `graceOver` after the grace.
        case ask
        /// End everything.
        case kill
    }

    private enum State: Equatable {
        case running
        case asked(Stop)
        case killed(Stop)
        case ended
    }

    private var state = State.running

    package init() {}

    /// The job shall end. The first reason stays.
    package mutating func stopWanted(_ stop: Stop) -> Action {
        switch state {
        case .running:
            state = .asked(stop)
            return .ask
        case .asked, .killed, .ended: return .nothing
        }
    }

    /// The grace after `ask` is over.
    package mutating func graceOver() -> Action {
        guard case .asked(let stop) = state else { return .nothing }
        state = .killed(stop)
        return .kill
    }

    /// The process, and everything it started, has ended.
    ///
    /// - Parameters:
    ///   - result: What it wrote, if it did.
    ///   - status: How it ended, if that is known: of an adopted process it is not.
    ///   - lastWords: What the process printed itself, for when there is no result.
    /// - Returns: How the attempt ended.
    package mutating func processEnded(
        result: JobResult?, status: ProcessStatus?, lastWords: [String]
    ) -> JobResult {
        defer { state = .ended }
        switch state {
        case .running, .ended: return result ?? Self.lost(status, lastWords)
        case .asked(let stop): return Self.stopped(stop, killed: false, result)
        case .killed(let stop): return Self.stopped(stop, killed: true, result)
        }
    }

    private static func stopped(_ stop: Stop, killed: Bool, _ result: JobResult?) -> JobResult {
        // It was faster than the wish to stop it: what is done is done.
        if let result, result.outcome == .succeeded { return result }
        let outcome: Outcome =
            switch stop {
            case .cancelled(let reason): .cancelled(Cancellation(reason: reason, killed: killed))
            case .superseded: .cancelled(Cancellation(reason: "another worker has the job", killed: killed))
            case .timedOut(let seconds): .failed(timedOut(seconds, killed: killed))
            }
        guard case .failed = outcome else { return JobResult(outcome: outcome, artifacts: []) }
        return JobResult(outcome: outcome, artifacts: result?.artifacts ?? [])
    }

    /// The failure of a job that took too long.
    package static func timedOut(_ seconds: Int64, killed: Bool) -> Failure {
        Failure(
            cause: .worker, code: "timed-out",
            message: "The job did not end within \(seconds) s and was \(killed ? "killed" : "ended")")
    }

    private static func lost(_ status: ProcessStatus?, _ lastWords: [String]) -> JobResult {
        let how = status.map { "ended with \($0)" } ?? "ended"
        return JobResult(
            outcome: .failed(
                Failure(
                    cause: .worker, code: "job-process-lost",
                    message: "The job's process \(how) before it could say how the job went",
                    excerpt: lastWords, exitStatus: status?.description
                ).fitting),
            artifacts: [])
    }
}
