/// Events of a job, in order and without gaps.
package struct JobEvents: Message, Equatable {
    /// The job.
    package var job: JobID
    /// The claim.
    package var fence: Fence
    /// With the sequence numbers of the spool.
    package var events: [Event]

    package init(
        job: JobID, fence: Fence, events: [Event]
    ) {
        self.job = job
        self.fence = fence
        self.events = events
    }

    package static let type = "events"
}

/// The events are stored.
package struct Ack: Message, Equatable {
    /// The job.
    package var job: JobID
    /// The claim.
    package var fence: Fence
    /// The last one.
    package var through: Int64

    package init(
        job: JobID, fence: Fence, through: Int64
    ) {
        self.job = job
        self.fence = fence
        self.through = through
    }

    package static let type = "ack"
}

/// The attempt is over, its artifacts are in the store, its events acknowledged.
package struct Finished: Message, Equatable {
    /// The job.
    package var job: JobID
    /// The claim.
    package var fence: Fence
    /// How it ended.
    package var outcome: Outcome
    /// What it made; of a failure what it made before.
    package var artifacts: [Artifact]

    package init(
        job: JobID, fence: Fence, outcome: Outcome, artifacts: [Artifact] = []
    ) {
        self.job = job
        self.fence = fence
        self.outcome = outcome
        self.artifacts = artifacts
    }

    package static let type = "finished"
}

/// The end is on disk; the spool may go.
package struct Settled: Message, Equatable {
    /// The job.
    package var job: JobID
    /// The claim.
    package var fence: Fence

    package init(
        job: JobID, fence: Fence
    ) {
        self.job = job
        self.fence = fence
    }

    package static let type = "settled"
}

/// The claim is not the current one: kill the job, remove the spool.
package struct Superseded: Message, Equatable {
    /// The job.
    package var job: JobID
    /// The claim.
    package var fence: Fence

    package init(
        job: JobID, fence: Fence
    ) {
        self.job = job
        self.fence = fence
    }

    package static let type = "superseded"
}

/// Alive.
package struct Heartbeat: Message, Equatable {
    /// How many jobs run (from a worker).
    package var running: Int
    /// What the worker's disk has left.
    package var freeBytes: Int64?

    package init(
        running: Int = 0, freeBytes: Int64? = nil
    ) {
        self.running = running
        self.freeBytes = freeBytes
    }

    package static let type = "heartbeat"
}
