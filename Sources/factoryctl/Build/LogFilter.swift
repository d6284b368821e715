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
    /// The jobs of the build, in the order of the plan.
    private(set) var jobs: [JobID] = []
    /// The highest attempt that there is of what is asked for.
    private(set) var attempts = 0

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
        case .buildAccepted(let accepted): jobs = accepted.jobs.map(\.job)
        case .stepStarted(let started) where (job == nil || event.job == job) && !steps.contains(started.step):
            steps.append(started.step)
        default: break
        }
        if job == nil || event.job == job, let number = event.attempt { attempts = max(attempts, number) }
        guard case .log(let log) = event.kind, job == nil || event.job == job, step == nil || log.step == step,
            attempt == nil || event.attempt == attempt
        else { return nil }
        printed += 1
        let time = times.map { ClockTime.text(event.at, offsetSeconds: $0) + " " } ?? ""
        // Lines of several jobs need to say whose they are.
        let name = job == nil && jobs.count > 1 ? (event.job.map { $0.shortName + " | " } ?? "") : ""
        return time + name + (isRaw ? log.text : Neutralized.text(log.text))
    }

    /// Which attempts can be asked for; the number is the farm's, and may be any.
    private var attemptsThereAre: String? {
        switch attempts {
        case ...0: nil
        case 1...5: (1...attempts).map { "--attempt \($0)" }.joined(separator: " | ")
        default: "--attempt 1 to --attempt \(attempts)"
        }
    }

    /// The job that is asked for, when the build has none of that name.
    func missingJob(_ build: BuildID) -> CommandError? {
        guard let job, !jobs.contains(job) else { return nil }
        return CommandError(
            .usage, "build \(build) has no job '\(job.shortName)'",
            hint: "one of " + jobs.map(\.shortName).joined(separator: ", "))
    }

    /// What is asked for and does not exist, once everything was looked at; nil when lines were picked or the tools just
    /// said nothing.
    func missing(_ build: BuildID) -> CommandError? {
        guard printed == 0 else { return nil }
        if let missing = missingJob(build) { return missing }
        let whose = job.map { "job '\($0.shortName)'" } ?? "build \(build)"
        if let attempt, attempt > attempts {
            let there = attempts == 0 ? "has not begun" : "has had \(Human.count(attempts, "attempt"))"
            return CommandError(
                .usage, "there is no attempt \(attempt): \(whose) \(there)",
                hint: attemptsThereAre)
        }
        if let step, !steps.contains(step) {
            return CommandError(
                .usage, "\(whose) has no step '\(step)'",
                hint: steps.isEmpty ? nil : "--step " + steps.joined(separator: " | "))
        }
        return nil
    }
}
