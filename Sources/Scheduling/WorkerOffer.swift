package import FactoryProtocol

/// What placement must know of a worker: what it registered, and how it stands now.
package struct WorkerOffer: Sendable, Equatable {
    package var name: WorkerName
    package var architectures: [Architecture]
    package var slots: Int
    /// What it found on its machine, by name. Absent or `no` means that it is not there.
    package var capabilities: [String: String]
    package var state: WorkerSummary.State
    /// The jobs that it holds.
    package var held: Int

    package init(
        name: WorkerName, architectures: [Architecture], slots: Int, capabilities: [String: String],
        state: WorkerSummary.State, held: Int
    ) {
        self.name = name
        self.architectures = architectures
        self.slots = slots
        self.capabilities = capabilities
        self.state = state
        self.held = held
    }

    /// Whether it can be given a job now.
    var hasRoom: Bool { state == .connected && held < slots }

    package func has(_ capability: String) -> Bool { capabilities[capability].map { $0 != "no" } ?? false }
}

/// What placement must know of a job.
package struct JobNeed: Sendable, Equatable {
    package var job: JobID
    package var architecture: Architecture
    /// Capabilities that its worker must have, by name.
    package var requirements: [String]

    package init(job: JobID, architecture: Architecture, requirements: [String]) {
        self.job = job
        self.architecture = architecture
        self.requirements = requirements
    }
}
