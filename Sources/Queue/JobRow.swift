import FactoryProtocol
import SQLite

/// A job as its row has it: the machine, and what the machine need not know.
struct JobRow {
    var job: Job
    let build: BuildID
    let name: String

    /// Reads one job.
    ///
    /// - Throws: ``QueueError/Code/unknownJob``.
    static func load(_ id: JobID, _ db: borrowing Connection) throws -> JobRow {
        guard
            let row: (BuildID, String, JobState, Int, Int, Int, Fence, WorkerName?, Timestamp?, String?) = try db.first(
                """
                SELECT build, name, state, attempt, max_attempts, declines, fence, worker, ready_at, cancel_reason
                FROM jobs WHERE id = ?
                """, id)
        else { throw QueueError(.unknownJob, "there is no job \(id.rawValue)") }
        let (build, name, state, attempt, maxAttempts, declines, fence, worker, readyAt, cancelReason) = row
        let job = Job(
            id: id, attempt: attempt, maxAttempts: maxAttempts, declines: declines, fence: fence,
            state: try Self.state(
                state, worker: worker, readyAt: readyAt, cancelReason: cancelReason, of: id, db))
        return JobRow(job: job, build: build, name: name)
    }

    private static func state(
        _ name: JobState, worker: WorkerName?, readyAt: Timestamp?, cancelReason: String?, of id: JobID,
        _ db: borrowing Connection
    ) throws -> Job.State {
        switch name {
        case .waiting: return .waiting
        case .ready:
            guard let readyAt else { break }
            return .ready(notBefore: readyAt)
        case .leased, .running:
            guard let worker else { break }
            let lease = Job.Lease(worker: worker, cancelReason: cancelReason)
            return name == .leased ? .leased(lease) : .running(lease)
        case .succeeded, .failed, .cancelled, .expired:
            let (outcome, reason, isCached): (Stored<JSONColumn<Outcome>?>, String?, Bool) = try db.one(
                "SELECT outcome_json, reason, cached FROM jobs WHERE id = ?", id)
            let end = StoredOutcome(id, name, outcome, reason: reason)
            return .ended(
                Job.End(
                    state: end.state, outcome: end.outcome ?? .succeeded, reason: end.reason,
                    isCached: isCached && end.failure == nil))
        }
        throw QueueError(.unreadable, "the row of job \(id.rawValue) contradicts itself")
    }

    /// Writes the machine's state back; `reason` says why the job waits, when it is not over.
    func save(_ db: borrowing Connection, at now: Timestamp, reason: String? = nil) throws {
        var readyAt: Timestamp?
        var end: Job.End?
        switch job.state {
        case .waiting, .leased, .running: break
        case .ready(let notBefore): readyAt = notBefore
        case .ended(let ending): end = ending
        }
        try db.run(
            """
            UPDATE jobs SET state = ?, attempt = ?, max_attempts = ?, declines = ?, fence = ?, ready_at = ?, cancel_reason = ?,
                reason = ?, outcome_json = ?, cached = ?, ended_at = ?, worker = coalesce(?, worker)
            WHERE id = ?
            """,
            job.state.name, job.attempt, job.maxAttempts, job.declines, job.fence, readyAt, job.lease?.cancelReason,
            end?.reason ?? reason, try end.map { try JSONColumn($0.outcome) }, end?.isCached ?? false,
            end == nil ? nil : now, job.lease?.worker, job.id)
    }
}
