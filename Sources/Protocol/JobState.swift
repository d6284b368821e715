/// Where a job is: `waiting → ready → leased → running → succeeded | failed | cancelled | expired`.
package enum JobState: String, Codable, Sendable, CaseIterable {
    /// A job that it needs has not succeeded yet.
    case waiting
    /// It may be claimed.
    case ready
    /// A worker was given it and has not accepted yet.
    case leased
    /// A worker runs it.
    case running
    case succeeded
    case failed
    case cancelled
    /// No attempt is left after the worker or machine failed each one.
    case expired

    /// Whether nothing will change any more.
    package var isFinal: Bool {
        switch self {
        case .waiting, .ready, .leased, .running: false
        case .succeeded, .failed, .cancelled, .expired: true
        }
    }
}

/// A job, as a list shows it.
package struct JobSummary: Codable, Sendable, Equatable {
    /// The job.
    package var job: JobID
    /// Its name within the build: `image-amd64`.
    package var name: String
    /// `image`, `iso`, `boot-check`, `self-test`.
    package var kind: String
    /// Where it must run.
    package var architecture: Architecture
    /// Names of the jobs that must succeed first.
    package var needs: [String]
    /// Where it is.
    package var state: JobState
    /// The current or last attempt, counted from 1; 0 before the first.
    package var attempt: Int
    /// How many attempts there may be.
    package var maxAttempts: Int
    /// Who holds it, or held it last.
    package var worker: WorkerName?
    /// Why it waits, or how it ended.
    package var reason: String?
    /// When the current or last attempt began.
    package var startedAt: Timestamp?
    /// When it reached its final state.
    package var endedAt: Timestamp?
    /// True when an earlier result was taken.
    package var cached: Bool

    package init(
        job: JobID, name: String, kind: String, architecture: Architecture, needs: [String], state: JobState,
        attempt: Int = 0, maxAttempts: Int = 3, worker: WorkerName? = nil, reason: String? = nil,
        startedAt: Timestamp? = nil, endedAt: Timestamp? = nil, cached: Bool = false
    ) {
        self.job = job
        self.name = name
        self.kind = kind
        self.architecture = architecture
        self.needs = needs
        self.state = state
        self.attempt = attempt
        self.maxAttempts = maxAttempts
        self.worker = worker
        self.reason = reason
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.cached = cached
    }
}
