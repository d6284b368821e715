import FactoryProtocol
import Terminal

/// Where a build is, gathered from its events. Pure; every way of watching reads it.
struct BuildProgress: Sendable {
    /// A step that runs.
    struct Step: Sendable {
        let id: String
        let title: String
        let startedAt: Timestamp
        var progress: StepProgress?
        /// The last line that its tool printed.
        var lastLine: String?
    }

    /// A job and what is known of it.
    struct Job: Sendable {
        let id: JobID
        let name: String
        let needs: [String]
        var state: JobState
        var attempt: Int
        var maxAttempts: Int
        var worker: WorkerName?
        var reason: String?
        var startedAt: Timestamp?
        /// Steps that run, in the order in which they began; usually one, but layers are written beside the initrd, and
        /// both firmwares boot at once.
        var running: [Step] = []
        var stepsDone = 0
        /// The last line that belongs to none of the steps that run.
        var lastLine: String?
    }

    /// In the order of the plan.
    private(set) var jobs: [Job] = []
    /// The titles of steps, by job and step, also of those that have ended.
    private var titles: [JobID: [String: String]] = [:]

    func job(_ id: JobID?) -> Job? {
        guard let id else { return nil }
        return jobs.first { $0.id == id }
    }

    func title(of step: String, in job: JobID?) -> String {
        job.flatMap { titles[$0]?[step] } ?? Neutralized.text(step)
    }

    /// Columns of the longest name.
    var nameWidth: Int { jobs.map(\.name.count).max() ?? 0 }

    mutating func apply(_ event: Event) {
        if case .buildAccepted(let accepted) = event.kind {
            jobs = accepted.jobs.map(Job.init)
            return
        }
        guard let id = event.job, let index = index(of: id) else { return }
        if let attempt = event.attempt { jobs[index].attempt = attempt }
        switch event.kind {
        case .stepStarted(let step):
            let title = Neutralized.text(step.title)
            titles[id, default: [:]][step.step] = title
            jobs[index].running.append(Step(id: step.step, title: title, startedAt: event.at))
            jobs[index].lastLine = nil
        case .stepProgress(let progress):
            guard let step = jobs[index].running.firstIndex(where: { $0.id == progress.step }) else { return }
            jobs[index].running[step].progress = progress
        case .stepFinished(let step):
            jobs[index].running.removeAll { $0.id == step.step }
            jobs[index].stepsDone += 1
        case .log(let line):
            if let step = jobs[index].running.firstIndex(where: { $0.id == line.step }) {
                jobs[index].running[step].lastLine = line.text
            } else {
                jobs[index].lastLine = line.text
            }
        case .jobStateChanged(let change): jobs[index].apply(change, at: event.at)
        case .warning, .artifact, .bootResult, .buildAccepted, .buildEnded, .unknown: break
        }
    }

    /// The place of a job; one that nobody announced (a stream joined in the middle) is added.
    private mutating func index(of id: JobID) -> Int? {
        if let index = jobs.firstIndex(where: { $0.id == id }) { return index }
        jobs.append(Job(id: id, name: id.shortName, needs: [], state: .running, attempt: 1, maxAttempts: 1))
        return jobs.count - 1
    }
}

extension BuildProgress.Job {
    init(_ summary: JobSummary) {
        self.init(
            id: summary.job, name: summary.name, needs: summary.needs, state: summary.state, attempt: summary.attempt,
            maxAttempts: summary.maxAttempts, worker: summary.worker, reason: summary.reason,
            startedAt: summary.startedAt)
    }

    fileprivate mutating func apply(_ change: JobStateChanged, at time: Timestamp) {
        if change.state != state, change.state == .running || change.state == .leased {
            // A new attempt starts from nothing.
            if state != .leased { (running, stepsDone, lastLine) = ([], 0, nil) }
            startedAt = time
        }
        state = change.state
        reason = change.reason
        if let worker = change.worker { self.worker = worker }
        if let most = change.maxAttempts { maxAttempts = most }
        if !(state == .running || state == .leased) { (running, lastLine) = ([], nil) }
    }
}

extension JobID {
    /// The name within the build: what follows the first dot.
    var shortName: String {
        rawValue.firstIndex(of: ".").map { String(rawValue[rawValue.index(after: $0)...]) } ?? rawValue
    }
}
