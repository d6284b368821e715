package import FactoryProtocol
package import FactorySpec

/// `SPOOL/job.json`: all that the job's process is told.
package struct JobOrder: Codable, Sendable, Equatable {
    /// The job.
    package var job: JobID
    /// Counted from 1.
    package var attempt: Int
    /// The claim.
    package var fence: Fence
    /// What to do.
    package var work: JobWork
    /// Artifacts of earlier jobs, at `in/<hex>`.
    package var inputs: [Artifact]
    /// Make everything again.
    package var noCache: Bool
    /// The time that results carry.
    package var sourceDateEpoch: Int64?
    /// After this long the job is ended.
    package var timeoutSeconds: Int64
    /// Layer directories by key.
    package var trees: String
    /// Package and download caches.
    package var cache: String
    /// What stays free on a disk that is the farm's too.
    package var reserve: DiskReserve?

    package init(
        job: JobID, attempt: Int, fence: Fence, work: JobWork, inputs: [Artifact] = [], noCache: Bool = false,
        sourceDateEpoch: Int64? = nil, timeoutSeconds: Int64, trees: String, cache: String,
        reserve: DiskReserve? = nil
    ) {
        self.job = job
        self.attempt = attempt
        self.fence = fence
        self.work = work
        self.inputs = inputs
        self.noCache = noCache
        self.sourceDateEpoch = sourceDateEpoch
        self.timeoutSeconds = timeoutSeconds
        self.trees = trees
        self.cache = cache
        self.reserve = reserve
    }
}

/// `SPOOL/result.json`: how the job ended. Written once, atomically, as its last act.
package struct JobResult: Codable, Sendable, Equatable {
    /// How.
    package var outcome: Outcome
    /// What it left in `out/`.
    package var artifacts: [Artifact]

    package init(
        outcome: Outcome, artifacts: [Artifact]
    ) {
        self.outcome = outcome
        self.artifacts = artifacts
    }
}
