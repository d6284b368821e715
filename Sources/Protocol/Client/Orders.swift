/// Ends a build, or one job of it.
package struct CancelBuild: Message, Equatable {
    /// Which build.
    package var build: BuildID
    /// Only this job, and what needs it.
    package var job: JobID?
    /// Who asks and why.
    package var reason: String

    package init(
        build: BuildID, job: JobID? = nil, reason: String
    ) {
        self.build = build
        self.job = job
        self.reason = reason
    }

    package static let type = "cancel"
}

/// The jobs that are being ended.
package struct Cancelling: Message, Equatable {
    /// Those not yet in a final state.
    package var jobs: [JobID]

    package init(
        jobs: [JobID]
    ) {
        self.jobs = jobs
    }

    package static let type = "cancelling"
}

/// Gives the failed jobs of a build new attempts.
package struct RetryBuild: Message, Equatable {
    /// Which.
    package var build: BuildID

    package init(
        build: BuildID
    ) {
        self.build = build
    }

    package static let type = "retry"
}

/// The jobs that are ready again.
package struct Retried: Message, Equatable {
    /// Which.
    package var jobs: [JobID]

    package init(
        jobs: [JobID]
    ) {
        self.jobs = jobs
    }

    package static let type = "retried"
}

/// Gives a worker no more jobs.
package struct DrainWorker: Message, Equatable {
    /// Which.
    package var worker: WorkerName

    package init(
        worker: WorkerName
    ) {
        self.worker = worker
    }

    package static let type = "drain"
}

/// Gives a drained worker jobs again.
package struct UndrainWorker: Message, Equatable {
    /// Which.
    package var worker: WorkerName

    package init(
        worker: WorkerName
    ) {
        self.worker = worker
    }

    package static let type = "undrain"
}

/// It is done.
package struct Done: Message, Equatable {
    package init() {}

    package static let type = "done"
}
