/// A job, and the number of the claim in whose name something is said.
package struct Claim: Codable, Sendable, Hashable {
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
}

/// What a worker offers. The first message after the handshake.
package struct Register: Message, Equatable {
    /// What it builds for.
    package var architectures: [Architecture]
    /// How many jobs at once; 1 to 64.
    package var slots: Int
    /// What it found on its machine: `isolation`, `kvm`, `tool.xorriso` → version.
    package var capabilities: [String: String]
    /// The host name.
    package var host: String
    /// Which of all agents that might use the same name: 32 hexadecimal digits, made once for the worker's directory. Nil
    /// from an agent of an older release.
    package var instance: String?

    package init(
        architectures: [Architecture], slots: Int, capabilities: [String: String], host: String,
        instance: String? = nil
    ) {
        self.architectures = architectures
        self.slots = slots
        self.capabilities = capabilities
        self.host = host
        self.instance = instance
    }

    package static let type = "register"
}

/// The worker is known.
package struct Registered: Message, Equatable {
    /// Under this name.
    package var worker: WorkerName

    package init(
        worker: WorkerName
    ) {
        self.worker = worker
    }

    package static let type = "registered"
}

/// All jobs that a worker holds, living or ended and not settled. Sent after every `registered`, even when
/// there are none.
package struct Resume: Message, Equatable {
    /// The jobs.
    package var jobs: [HeldJob]

    package init(
        jobs: [HeldJob]
    ) {
        self.jobs = jobs
    }

    package static let type = "resume"
}

/// A job that a worker holds.
package struct HeldJob: Codable, Sendable, Equatable {
    /// The job.
    package var job: JobID
    /// Its claim.
    package var fence: Fence
    /// The last event that its spool has; 0 for none.
    package var through: Int64

    package init(
        job: JobID, fence: Fence, through: Int64
    ) {
        self.job = job
        self.fence = fence
        self.through = through
    }
}

/// What the worker keeps, and what it must drop.
package struct Resumed: Message, Equatable {
    /// Still its own.
    package var keep: [KeptJob]
    /// Given away or ended meanwhile: kill and remove.
    package var drop: [Claim]

    package init(
        keep: [KeptJob], drop: [Claim]
    ) {
        self.keep = keep
        self.drop = drop
    }

    package static let type = "resumed"
}

/// A job that goes on.
package struct KeptJob: Codable, Sendable, Equatable {
    /// The job.
    package var job: JobID
    /// Its claim.
    package var fence: Fence
    /// The last event that the server has stored.
    package var ackedThrough: Int64

    package init(
        job: JobID, fence: Fence, ackedThrough: Int64
    ) {
        self.job = job
        self.fence = fence
        self.ackedThrough = ackedThrough
    }
}
