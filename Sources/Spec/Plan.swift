package import FactoryProtocol

/// One job of a plan.
package struct PlannedJob: Codable, Sendable, Equatable {
    /// Its name within the build: kind and architecture.
    package var name: String
    /// What it does.
    package var work: JobWork
    /// Where it must run.
    package var arch: Architecture
    /// Names of the jobs whose artifacts it takes.
    package var needs: [String]
    /// Capabilities that its worker must have found on its machine, by name.
    package var requirements: [String]
    /// After this long it is ended.
    package var timeoutSeconds: Int64
    /// How many attempts there may be when the worker or the machine is at fault.
    package var maxAttempts: Int

    package init(
        name: String, work: JobWork, arch: Architecture, needs: [String] = [], requirements: [String],
        timeoutSeconds: Int64, maxAttempts: Int = 3
    ) {
        self.name = name
        self.work = work
        self.arch = arch
        self.needs = needs
        self.requirements = requirements
        self.timeoutSeconds = timeoutSeconds
        self.maxAttempts = maxAttempts
    }
}

/// What follows from a description: a graph of jobs, each after those it needs.
package struct Plan: Codable, Sendable, Equatable {
    /// In an order in which every job comes after those it needs.
    package var jobs: [PlannedJob]
    /// What the user should know before anything runs.
    package var warnings: [Warning]

    package init(
        jobs: [PlannedJob], warnings: [Warning]
    ) {
        self.jobs = jobs
        self.warnings = warnings
    }
}
