/// What one boot under one firmware showed.
package struct BootResult: Codable, Sendable, Equatable {
    /// `bios` or `uefi`.
    package var firmware: String
    /// Whether the system came up.
    package var passed: Bool
    /// `login-prompt`, `default-target`, or the named cause of the failure.
    package var reason: String
    /// From power-on to the verdict.
    package var milliseconds: Int64
    /// `kvm` or `tcg`.
    package var accelerator: String
    /// Units of systemd that failed on the way, in that order; nil when none did, and from a worker that does not look.
    package var failedUnits: [String]?

    package init(
        firmware: String, passed: Bool, reason: String, milliseconds: Int64, accelerator: String,
        failedUnits: [String]? = nil
    ) {
        self.failedUnits = failedUnits
        self.firmware = firmware
        self.passed = passed
        self.reason = reason
        self.milliseconds = milliseconds
        self.accelerator = accelerator
    }
}

/// The build is durable.
package struct BuildAccepted: Codable, Sendable, Equatable {
    /// Its jobs, in the order of their dependencies.
    package var jobs: [JobSummary]

    package init(
        jobs: [JobSummary]
    ) {
        self.jobs = jobs
    }
}

/// A job moved.
package struct JobStateChanged: Codable, Sendable, Equatable {
    /// Where it is now.
    package var state: JobState
    /// Why, in words: what it waits for, who took it, why it goes back.
    package var reason: String?
    /// The worker that holds it.
    package var worker: WorkerName?
    /// How the attempt ended, when one did.
    package var outcome: Outcome?
    /// How many attempts there may be.
    package var maxAttempts: Int?
    /// How long until the next attempt.
    package var retryInMilliseconds: Int64?
    /// True when an earlier result was taken instead of running.
    package var cached: Bool?

    package init(
        state: JobState, reason: String? = nil, worker: WorkerName? = nil, outcome: Outcome? = nil,
        maxAttempts: Int? = nil, retryInMilliseconds: Int64? = nil, cached: Bool? = nil
    ) {
        self.state = state
        self.reason = reason
        self.worker = worker
        self.outcome = outcome
        self.maxAttempts = maxAttempts
        self.retryInMilliseconds = retryInMilliseconds
        self.cached = cached
    }
}

/// The one last event of a build.
package struct BuildEnded: Codable, Sendable, Equatable {
    /// How the build ended.
    package var verdict: Verdict

    package init(
        verdict: Verdict
    ) {
        self.verdict = verdict
    }
}
