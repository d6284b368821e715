import FactoryProtocol
import Terminal

/// Picks the log lines that are asked for. Pure.
struct LogFilter: Sendable {
    let job: JobID?
    let step: String?
    let attempt: Int?
    /// What local time is ahead of UTC when times are wanted, in seconds.
    let times: Int64?
    /// Whether lines are left as the tool wrote them.
    let isRaw: Bool
    /// How many lines were picked.
    private(set) var printed = 0
    /// The steps that there are, in the order of their beginning.
    private(set) var steps: [String] = []
    private var jobs = 0

    init(job: JobID?, step: String?, attempt: Int?, times: Int64?, isRaw: Bool) {
        self.job = job
        self.step = step
        self.attempt = attempt
        self.times = times
        self.isRaw = isRaw
    }

    /// The line of an event, nil when it has none or is not asked for.
    mutating func line(_ event: Event) -> String? {
        switch event.kind {
        case .buildAccepted(let accepted): jobs = accepted.jobs.count
        case .stepStarted(let started) where !steps.contains(started.step): steps.append(started.step)
        default: break
        }
        guard case .log(let log) = event.kind, job == nil || event.job == job, step == nil || log.step == step,
            attempt == nil || event.attempt == attempt
        else { return nil }
        printed += 1
        let time = times.map { ClockTime.text(event.at, offsetSeconds: $0) + " " } ?? ""
        // Lines of several jobs need to say whose they are.
        let name = job == nil && jobs > 1 ? (event.job.map { $0.shortName + " | " } ?? "") : ""
        return time + name + (isRaw ? log.text : Neutralized.text(log.text))
    }
}
