package import FactoryProtocol

/// What the log of a build tells of its course, for a queue that knows less.
package struct LoggedBuild: Sendable {
    /// The build whose log was read.
    package let build: BuildID
    /// The farm's own events with their outbox numbers, in order.
    package let farmEvents: [(id: Int64, event: Event)]
    /// The highest number of an attempt that each job has events of.
    package let attempts: [JobID: Int]

    /// A build by its parts.
    package init(build: BuildID, farmEvents: [(id: Int64, event: Event)], attempts: [JobID: Int]) {
        (self.build, self.farmEvents, self.attempts) = (build, farmEvents, attempts)
    }

    /// The highest number of an attempt of a job, by what the job said and what the farm said of it.
    func lastAttempt(of job: JobID) -> Int {
        farmEvents.reduce(attempts[job] ?? 0) { last, farm in
            farm.event.job == job ? max(last, farm.event.attempt ?? 0) : last
        }
    }

    /// Where a job was after outbox number `number`, in order.
    func states(of job: JobID, after number: Int64) -> [JobState] {
        farmEvents.compactMap { farm in
            guard farm.id > number, farm.event.job == job, case .jobStateChanged(let change) = farm.event.kind else {
                return nil
            }
            return change.state
        }
    }
}
