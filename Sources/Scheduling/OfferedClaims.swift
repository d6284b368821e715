import FactoryProtocol

/// Claims that were given to workers which have not accepted them yet: a pure value, fed with what happened and with the time.
///
/// A worker that lives and says nothing about a job would else keep it for ever.
struct OfferedClaims: Sendable, Equatable {
    private var since: [Claim: ContinuousClock.Instant] = [:]

    /// A claim is on its way to its worker.
    mutating func offered(_ claim: Claim, now: ContinuousClock.Instant) { since[claim] = now }

    /// The worker has accepted it, or the claim is over.
    mutating func settled(_ claim: Claim) { since[claim] = nil }

    /// Takes out the claims that were not accepted within `limit`, by job.
    mutating func overdue(_ limit: Duration, now: ContinuousClock.Instant) -> [Claim] {
        let late = since.filter { now - $0.value >= limit }.keys.sorted { $0.job < $1.job }
        for claim in late { since[claim] = nil }
        return late
    }

    /// How long the worker of a job may still wait; nil when the job is not on its way to one.
    func left(of job: JobID, limit: Duration, now: ContinuousClock.Instant) -> Duration? {
        since.first { $0.key.job == job }.map { limit - (now - $0.value) }
    }
}
