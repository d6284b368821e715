package import FactoryProtocol
import SQLite

/// What a worker that came back keeps and drops.
package struct Resumption: Sendable, Equatable {
    /// Its own still, and the attempt each is in.
    package var keep: [(claim: Claim, attempt: Int)]
    /// Given away or ended meanwhile.
    package var drop: [Claim]
    /// Claims that the queue had for it and that it no longer has.
    package var lost: [Claim]

    package static func == (a: Resumption, b: Resumption) -> Bool {
        a.keep.map(\.claim) == b.keep.map(\.claim) && a.drop == b.drop && a.lost == b.lost
    }
}

extension JobStore {
    /// Compares what a worker says it holds with what the queue gave it. Changes nothing; idempotent.
    ///
    /// A job that ended under this very claim is kept: the worker says `finished` again and is told `settled`.
    package func resume(_ worker: WorkerName, _ held: [Claim]) async throws(QueueError) -> Resumption {
        try await read { db in
            let rows: [(JobID, Fence, Int)] = try db.all(
                "SELECT id, fence, attempt FROM jobs WHERE worker = ? AND state IN ('leased', 'running')", worker)
            var resumption = Resumption(keep: [], drop: [], lost: [])
            let given = Dictionary(uniqueKeysWithValues: rows.map { (Claim(job: $0.0, fence: $0.1), $0.2) })
            for claim in held {
                if let attempt = given[claim] {
                    resumption.keep.append((claim, attempt))
                } else if let attempt: Int = try db.first(
                    """
                    SELECT attempt FROM jobs WHERE id = ? AND fence = ? AND worker = ?
                        AND state IN ('succeeded', 'failed', 'cancelled', 'expired')
                    """, claim.job, claim.fence, worker)
                {
                    resumption.keep.append((claim, attempt))
                } else {
                    resumption.drop.append(claim)
                }
            }
            let heldSet = Set(held)
            resumption.lost = given.keys.filter { !heldSet.contains($0) }.sorted { $0.job < $1.job }
            return resumption
        }
    }

    /// Which of a worker's claims it has to end, and why: somebody wants that, or the job is over already, because it was
    /// cancelled or given up while the worker was away.
    ///
    /// A worker whose process has ended by itself is told as well: it has nothing left to end.
    package func toEnd(_ claims: [Claim]) async throws(QueueError) -> [(claim: Claim, reason: String)] {
        try await read { db in
            var found: [(claim: Claim, reason: String)] = []
            for claim in claims {
                guard
                    let (state, wanted, ended): (JobState, String?, String?) = try db.first(
                        "SELECT state, cancel_reason, reason FROM jobs WHERE id = ? AND fence = ?", claim.job,
                        claim.fence)
                else { continue }
                if state.isFinal {
                    found.append((claim, "the job is over: " + (ended ?? state.rawValue)))
                } else if let wanted {
                    found.append((claim, wanted))
                }
            }
            return found
        }
    }

    /// Claims that are given out, by worker: what the leases are about after a start.
    package func openClaims() async throws(QueueError) -> [(worker: WorkerName, claim: Claim)] {
        try await read { db in
            let rows: [(WorkerName, JobID, Fence)] = try db.all(
                "SELECT worker, id, fence FROM jobs WHERE state IN ('leased', 'running') ORDER BY id")
            return rows.map { (worker: $0.0, claim: Claim(job: $0.1, fence: $0.2)) }
        }
    }

    /// Claims that a worker has.
    package func openClaims(of worker: WorkerName) async throws(QueueError) -> [Claim] {
        try await read { db in
            let rows: [(JobID, Fence)] = try db.all(
                "SELECT id, fence FROM jobs WHERE worker = ? AND state IN ('leased', 'running') ORDER BY id", worker)
            return rows.map { Claim(job: $0.0, fence: $0.1) }
        }
    }

    /// Whether a worker has accepted a claim that is still the current one.
    package func isRunning(_ claim: Claim) async throws(QueueError) -> Bool {
        try await read { db in
            let count: Int = try db.one(
                "SELECT count(*) FROM jobs WHERE id = ? AND fence = ? AND state = 'running'", claim.job, claim.fence)
            return count == 1
        }
    }

    /// The attempt in whose name a worker may speak; nil when the claim is superseded, or another worker's.
    package func attempt(of claim: Claim, by worker: WorkerName) async throws(QueueError) -> ClaimedAttempt? {
        try await read { db in
            let row: (Int, JobState)? = try db.first(
                """
                SELECT attempt, state FROM jobs WHERE id = ? AND fence = ? AND worker = ?
                    AND state NOT IN ('waiting', 'ready')
                """, claim.job, claim.fence, worker)
            return row.map { ClaimedAttempt(number: $0.0, isOver: $0.1.isFinal) }
        }
    }
}

/// An attempt that a worker speaks for.
package struct ClaimedAttempt: Sendable, Equatable {
    /// From 1.
    package var number: Int
    /// Whether it has ended under this very claim: what is said again is answered, and changes nothing.
    package var isOver: Bool
}
