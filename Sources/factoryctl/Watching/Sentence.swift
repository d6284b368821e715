import FactoryProtocol
import Terminal

/// An event in words, the same on a screen and in a log: a sign, the job, a text, and lines that explain it.
struct Sentence: Sendable, Equatable {
    /// What kind of news it is.
    enum Sign: Sendable {
        case good
        case bad
        case warning
        case neutral

        /// The sign, in one column.
        func painted(unicode: Bool) -> Painted {
            switch self {
            case .good: Painted(unicode ? "✓" : "+", .green)
            case .bad: Painted(unicode ? "✗" : "x", .red)
            case .warning: Painted("!", .yellow)
            case .neutral: Painted(unicode ? "·" : "-", .dim)
            }
        }
    }

    let sign: Sign
    let job: String?
    let text: Painted
    var details: [String] = []
}

extension Sentence {
    /// What an event says; nil for events that are shown another way (log lines, progress) or not at all.
    ///
    /// - Parameters:
    ///   - event: The event.
    ///   - progress: Where the build was before it.
    init?(_ event: Event, progress: BuildProgress) {
        let job = event.job?.shortName
        switch event.kind {
        case .stepFinished(let step):
            self.init(step, title: progress.title(of: step.step, in: event.job), job: job)
        case .warning(let warning):
            self.init(sign: .warning, job: job, text: Painted(Neutralized.text(warning.message), .yellow))
        case .artifact(let artifact):
            guard artifact.role.isDeliverable else { return nil }
            let text = "\(Neutralized.text(artifact.name))  \(Human.bytes(artifact.size))  "
            self.init(sign: .good, job: job, text: Painted(text) + Painted("sha256:\(artifact.digest.short)", .dim))
        case .bootResult(let result):
            let time = Human.duration(.milliseconds(result.milliseconds))
            let verb = result.passed ? "boots" : "does not boot"
            // The reason and the accelerator come from the guest's console and the worker.
            let reason = Neutralized.text(result.reason)
            let firmware = Neutralized.text(result.firmware.uppercased())
            let accelerator = Neutralized.text(result.accelerator)
            self.init(
                sign: result.passed ? .good : .bad, job: job,
                text: Painted(
                    "\(verb) under \(firmware): \(reason) after \(time) (\(accelerator))",
                    result.passed ? nil : .red))
        case .jobStateChanged(let change):
            self.init(change, event: event, progress: progress)
        case .stepStarted, .stepProgress, .log, .buildAccepted, .buildEnded, .unknown: return nil
        }
    }

    private init(_ step: StepFinished, title: String, job: String?) {
        let time = Human.duration(.milliseconds(step.milliseconds))
        let note = step.note.map(Neutralized.text)
        switch step.result {
        case .done:
            self.init(
                sign: .good, job: job, text: Painted(title) + Painted("  \(time)\(note.map { "  \($0)" } ?? "")", .dim))
        case .cached:
            self.init(
                sign: .good, job: job, text: Painted(title) + Painted("  cached\(note.map { ": \($0)" } ?? "")", .cyan))
        case .skipped:
            self.init(sign: .neutral, job: job, text: Painted("\(title)  skipped\(note.map { ": \($0)" } ?? "")", .dim))
        case .failed:
            self.init(
                sign: .bad, job: job,
                text: Painted("\(title)  failed after \(time)\(note.map { ": \($0)" } ?? "")", .red))
        }
    }

    private init?(_ change: JobStateChanged, event: Event, progress: BuildProgress) {
        let job = event.job?.shortName
        let before = progress.job(event.job)
        let reason = change.reason.map(Neutralized.text)
        switch change.state {
        case .running:
            // Only a further attempt is news on a screen; the first is what everybody waits for.
            let attempt = event.attempt ?? before?.attempt ?? 1
            guard attempt > 1, before?.state != .running else { return nil }
            let most = change.maxAttempts ?? before?.maxAttempts ?? attempt
            let worker = change.worker.map { " on \($0)" } ?? ""
            self.init(
                sign: .neutral, job: job,
                text: Painted("attempt \(attempt) of \(most)\(worker)\(reason.map { ": \($0)" } ?? "")"))
        case .ready:
            guard change.outcome != nil || (change.reason != nil && before?.state == .running) else { return nil }
            self.init(retried: change, reason: reason, job: job)
        case .succeeded:
            guard change.cached == true else { return nil }
            self.init(
                sign: .good, job: job,
                text: Painted(reason ?? "the same work was done before; its result is taken", .cyan))
        case .failed, .expired:
            self.init(ended: change, reason: reason, job: job) { progress.title(of: $0, in: event.job) }
        case .cancelled:
            self.init(sign: .warning, job: job, text: Painted("cancelled\(reason.map { ": \($0)" } ?? "")", .yellow))
        case .waiting:
            // A build that had ended goes on.
            guard before?.state.isFinal == true else { return nil }
            self.init(sign: .neutral, job: job, text: Painted(reason ?? "tried again"))
        case .leased: return nil
        }
    }

    private init(retried change: JobStateChanged, reason: String?, job: String?) {
        let delay = change.retryInMilliseconds.map { ", tried again in " + Human.duration(.milliseconds($0)) } ?? ""
        guard case .failed(let failure)? = change.outcome else {
            self.init(sign: .warning, job: job, text: Painted("\(reason ?? "goes back to the queue")\(delay)", .yellow))
            return
        }
        self.init(
            sign: .warning, job: job,
            text: Painted(
                "the attempt failed (\(failure.cause.words)): \(Neutralized.text(failure.message))\(delay)", .yellow),
            details: failure.shownExcerpt)
    }

    private init(ended change: JobStateChanged, reason: String?, job: String?, title: (String) -> String) {
        guard case .failed(let failure)? = change.outcome else {
            self.init(
                sign: .bad, job: job, text: Painted("\(change.state.rawValue)\(reason.map { ": \($0)" } ?? "")", .red))
            return
        }
        let step = failure.step.map { " at '\(Neutralized.text(title($0)))'" } ?? ""
        let status = failure.exitStatus.map { " (\($0))" } ?? ""
        self.init(
            sign: .bad, job: job, text: Painted("failed\(step)\(status): \(Neutralized.text(failure.message))", .red),
            details: failure.shownExcerpt)
    }
}

extension Failure {
    /// The tool's own words, harmless.
    var shownExcerpt: [String] { excerpt.map(Neutralized.text) }
}

extension Failure.Cause {
    /// Who is at fault, for people.
    var words: String {
        switch self {
        case .spec: "the description"
        case .worker: "the worker"
        case .infrastructure: "infrastructure"
        case .internal: "a defect of the factory"
        }
    }
}
