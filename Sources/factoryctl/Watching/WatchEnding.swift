import FactoryProtocol
import Terminal

/// How watching ended; decides the last line and the exit status.
enum WatchEnding: Sendable, Equatable {
    /// The build has ended.
    case verdict(Verdict)
    /// The user went away; the build goes on.
    case detached(signal: Int32)
    /// The farm could not be reached again.
    case lost(reason: String)
    /// No worker can ever run it as the farm is, so there is nothing to wait for; the build stays in the queue.
    case noWorker(reason: String)

    /// The exit statuses that scripts rely on.
    var status: ExitStatus {
        switch self {
        case .verdict(let verdict):
            switch verdict.result {
            case .succeeded: .success
            case .failed: .buildFailed
            case .cancelled: .cancelled
            case .expired: .expired
            case .infrastructure: .infrastructure
            }
        case .detached(let signal): .signalled(signal)
        case .lost: .connectionLost
        case .noWorker: .noWorker
        }
    }

    /// The last line: verdict, duration, what was made, and the command to go on with.
    func line(build: BuildID, next: NextCommand) -> String {
        switch self {
        case .verdict(let verdict): Self.line(verdict, build: build, next)
        case .detached:
            "build \(build) goes on without you; come back: \(next("watch \(build)"))"
        case .lost(let reason):
            "build \(build): connection lost (\(Neutralized.text(reason))); try again: \(next("watch \(build)"))"
        case .noWorker(let reason):
            "build \(build) waits for a worker that can do it: \(Neutralized.text(reason)); "
                + "when there is one: \(next("watch \(build)"))"
        }
    }

    private static func line(_ verdict: Verdict, build: BuildID, _ next: NextCommand) -> String {
        let time = Human.duration(.milliseconds(verdict.milliseconds))
        switch verdict.result {
        case .succeeded:
            let made = verdict.artifacts.filter { $0.role.isProduct && $0.role != .checksum }
                .map { "\(Neutralized.text($0.name)) \(Human.bytes($0.size)) \($0.digest)" }
            if made.isEmpty { return "build \(build) succeeded in \(time)" }
            return
                "build \(build) succeeded in \(time): \(made.joined(separator: ", ")); "
                + "next: \(next("artifacts get \(build)"))"
        case .cancelled:
            return "build \(build) cancelled after \(time): \(Neutralized.text(verdict.message))"
        case .failed, .expired, .infrastructure:
            let cause = verdict.cause.map { " (\($0.words))" } ?? ""
            let step = verdict.failure?.step.map { " --step \($0)" } ?? ""
            let job = verdict.job.map { " \($0.shortName)" } ?? ""
            return
                "build \(build) \(verdict.result.words) after \(time)\(cause): \(Neutralized.text(verdict.message)); "
                + "full log: \(next("logs \(build)\(job)\(step)"))"
        }
    }
}

extension Verdict.Result {
    var words: String {
        switch self {
        case .succeeded: "succeeded"
        case .failed: "failed"
        case .cancelled: "cancelled"
        case .expired: "ran out of attempts or time"
        case .infrastructure: "failed"
        }
    }
}
