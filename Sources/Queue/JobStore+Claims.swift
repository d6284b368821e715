import Crypto
package import FactoryProtocol
package import FactorySpec
import SQLite

/// A job that a worker was just given: all that an `assign` says of it.
package struct ClaimedJob: Sendable, Equatable {
    /// The job and its fence.
    package var claim: Claim
    /// From 1.
    package var attempt: Int
    /// What to do.
    package var work: JobWork
    /// Take no earlier result.
    package var noCache: Bool
    /// What the jobs that it needs made.
    package var inputs: [Artifact]
    /// After this long the worker ends it.
    package var timeoutSeconds: Int64
    /// The time that results carry.
    package var sourceDateEpoch: Int64?
    /// Uploads this attempt's artifacts; only its SHA-256 is kept.
    package var token: String
}

/// What became of the wish to give a job to a worker.
package enum ClaimResult: Sendable, Equatable {
    /// The worker has it.
    case claimed(ClaimedJob)
    /// It is somebody else's, or it is not ready yet.
    case notReady
    /// What the queue holds of it cannot be decoded, and it has failed with that.
    case undecodable(Failure)
}

/// What became of what a worker said.
package enum Standing: Sendable, Equatable {
    /// It counts; the job moved, or had moved before.
    case current
    /// The claim is not the job's own any more.
    case superseded
}

/// What became of a worker's word that it runs a job.
package enum Acceptance: Sendable, Equatable {
    /// It runs it. With the reason why it is to end it, when somebody wanted that before the worker had the job.
    case current(cancelReason: String?)
    /// The claim is not the job's own any more.
    case superseded
}

extension JobStore {
    /// Gives a ready job to a worker: lease, attempt and fence in one transaction.
    ///
    /// A job is claimed once, whoever asks. One whose work or inputs cannot be decoded is no worker's: it fails here, after one
    /// attempt, and what needs it is settled.
    package func claim(_ id: JobID, for worker: WorkerName) async throws(QueueError) -> ClaimResult {
        let settlement = settlement
        return try await write { db in
            var row = try JobRow.load(id, db)
            guard let claim = row.job.claimed(by: worker, at: settlement.now, settlement.policy) else {
                return .notReady
            }
            let (stored, noCache, timeout, epoch) = try db.order(of: id)
            let work: JobWork
            let inputs: [Artifact]
            do {
                work = try stored.decoded()
                inputs = try db.inputs(of: id)
            } catch let error as UndecodableWork {
                return .undecodable(try settlement.fail(&row, error, db))
            }
            try row.save(db, at: settlement.now)
            let token = newToken()
            try db.run(
                "INSERT INTO attempts(job, fence, attempt, worker, token_digest, leased_at) VALUES (?, ?, ?, ?, ?, ?)",
                id, claim.fence, row.job.attempt, worker, digest(of: token), settlement.now)
            try db.emit(
                .jobStateChanged(
                    JobStateChanged(state: .leased, worker: worker, maxAttempts: row.job.maxAttempts)),
                build: row.build, job: id, attempt: row.job.attempt, at: settlement.now)
            try settlement.refresh(row.build, db)
            return .claimed(
                ClaimedJob(
                    claim: claim, attempt: row.job.attempt, work: work, noCache: noCache,
                    inputs: inputs, timeoutSeconds: timeout, sourceDateEpoch: epoch, token: token))
        }
    }

    /// The ready jobs whose requirements cannot be decoded: no worker can be chosen for them.
    package func undecodableRequirements() async throws(QueueError) -> [JobID] {
        try await read { db in try db.undecodableRequirements() }
    }

    /// Fails a ready job whose requirements cannot be decoded.
    ///
    /// - Returns: The failure; nil when the job is not ready any more, or can be decoded after all.
    package func failUndecodableRequirements(of id: JobID) async throws(QueueError) -> Failure? {
        let settlement = settlement
        return try await write { db in
            var row = try JobRow.load(id, db)
            let (architecture, requirements): (String, String) = try db.one(
                "SELECT architecture, requirements_json FROM jobs WHERE id = ?", id)
            guard case .ready = row.job.state, StoredNeed.decoded(architecture, requirements) == nil else { return nil }
            let why = UndecodableWork(
                "where it must run cannot be read: architecture '\(architecture)', requirements \(requirements)")
            return try settlement.fail(&row, why, db)
        }
    }

    /// The worker runs the job.
    package func accept(_ claim: Claim) async throws(QueueError) -> Acceptance {
        let settlement = settlement
        return try await write { db in
            var row = try JobRow.load(claim.job, db)
            switch row.job.accepted(claim.fence) {
            case .superseded, .requeue, .settle: return .superseded
            case .repeated: return .current(cancelReason: row.job.lease?.cancelReason)
            case .started:
                try row.save(db, at: settlement.now)
                try db.noteStart(of: row.job, at: settlement.now)
                try db.emit(
                    .jobStateChanged(
                        JobStateChanged(
                            state: .running, worker: row.job.lease?.worker, maxAttempts: row.job.maxAttempts)),
                    build: row.build, job: claim.job, attempt: row.job.attempt, at: settlement.now)
                return .current(cancelReason: row.job.lease?.cancelReason)
            }
        }
    }

    /// The worker does not take the job, or never heard of it. The attempt does not count.
    package func decline(_ claim: Claim, reason: String) async throws(QueueError) -> Standing {
        let settlement = settlement
        return try await write { db in
            var row = try JobRow.load(claim.job, db)
            let verdict = row.job.declined(claim.fence, because: reason, at: settlement.now, settlement.policy)
            return try apply(verdict, to: row, claim, nil, reason: reason, settlement, db)
        }
    }

    /// The worker says how the attempt ended, and what it made. Saying it twice changes nothing the second time.
    ///
    /// Whether the store has what was made is looked at here, in the transaction that refers to it: a success without its
    /// artifacts is none, and of a failure those are kept that arrived.
    package func finish(
        _ claim: Claim, _ outcome: Outcome, artifacts: [Artifact]
    ) async throws(QueueError) -> Standing {
        let settlement = settlement
        return try await write { db in
            var row = try JobRow.load(claim.job, db)
            let stored = artifacts.filter { settlement.isStored($0) }
            let outcome = delivered(outcome, artifacts, stored, by: row.job.lease?.worker)
            let verdict = row.job.finished(claim.fence, outcome, at: settlement.now, settlement.policy)
            switch verdict {
            // Also of an attempt that failed: its console log says why.
            case .settle, .requeue: try db.store(stored, of: claim.job)
            case .superseded, .repeated, .started: break
            }
            return try apply(verdict, to: row, claim, outcome, reason: nil, settlement, db)
        }
    }

    /// The worker was silent for too long, or came back without the job.
    package func workerLost(_ claim: Claim, _ failure: Failure) async throws(QueueError) -> Standing {
        let settlement = settlement
        return try await write { db in
            var row = try JobRow.load(claim.job, db)
            let verdict = row.job.workerLost(claim.fence, failure, at: settlement.now, settlement.policy)
            return try apply(verdict, to: row, claim, .failed(failure), reason: nil, settlement, db)
        }
    }

    /// Keeps what a boot check showed, for later builds that take its result.
    package func record(_ result: BootResult, _ claim: Claim, attempt: Int) async throws(QueueError) {
        try await write { db in
            _ = try db.run(
                "INSERT OR REPLACE INTO boot_results VALUES (?, ?, ?, ?)", claim.job, attempt, result.firmware,
                try JSONColumn(result))
        }
    }

    /// The inputs of a job, as they are given to its worker.
    package func inputs(of job: JobID) async throws(QueueError) -> [Artifact] {
        try await read { db in try db.inputs(of: job) }
    }

    /// The length of an artifact in bytes; nil when no build has it.
    package func size(of digest: Digest) async throws(QueueError) -> Int64? {
        try await read { db in try db.first("SELECT size FROM artifacts WHERE digest = ? LIMIT 1", digest) }
    }

    /// The claim whose upload token this is; nil when there is none or its attempt has ended.
    package func claim(ofToken token: String) async throws(QueueError) -> Claim? {
        try await read { db in
            let row: (JobID, Fence)? = try db.first(
                """
                SELECT attempts.job, attempts.fence FROM attempts
                JOIN jobs ON jobs.id = attempts.job AND jobs.fence = attempts.fence
                WHERE token_digest = ? AND attempts.ended_at IS NULL AND jobs.state IN ('leased', 'running')
                """, digest(of: token))
            return row.map { Claim(job: $0.0, fence: $0.1) }
        }
    }
}

extension Connection {
    /// Notes when the worker of a job took it.
    borrowing func noteStart(of job: Job, at now: Timestamp) throws {
        try run("UPDATE jobs SET started_at = ? WHERE id = ?", now, job.id)
        // The clock may have been set back since the claim; a start before it is what the schema refuses.
        try run(
            "UPDATE attempts SET started_at = max(?, leased_at) WHERE job = ? AND fence = ?", now, job.id, job.fence)
    }

    /// What a job is to do, as it is stored, with what an `assign` says of it besides.
    fileprivate borrowing func order(of job: JobID) throws -> (StoredWork, Bool, Int64, Int64?) {
        let (format, json, noCache, timeout, epoch): (Int64, String, Bool, Int64, Int64?) = try one(
            """
            SELECT work_format, work_json, no_cache, timeout_seconds, source_date_epoch
            FROM jobs JOIN builds ON builds.id = jobs.build WHERE jobs.id = ?
            """, job)
        return (StoredWork(format: format, json: json), noCache, timeout, epoch)
    }

    /// Ready jobs for which no worker can be chosen, because it cannot be read where they must run.
    fileprivate borrowing func undecodableRequirements() throws -> [JobID] {
        let kinds: [(String, String)] = try all(
            "SELECT DISTINCT architecture, requirements_json FROM jobs WHERE state = 'ready'")
        var found: [JobID] = []
        for (architecture, requirements) in kinds where StoredNeed.decoded(architecture, requirements) == nil {
            found += try all(
                "SELECT id FROM jobs WHERE state = 'ready' AND architecture = ? AND requirements_json = ? ORDER BY id",
                architecture, requirements)
        }
        return found
    }
}

/// A success whose artifacts are not all in the store is none.
private func delivered(
    _ outcome: Outcome, _ artifacts: [Artifact], _ stored: [Artifact], by worker: WorkerName?
) -> Outcome {
    guard case .succeeded = outcome, let missing = artifacts.first(where: { !stored.contains($0) }) else {
        return outcome
    }
    return .failed(
        Failure(
            cause: .worker, code: "artifact-missing",
            message: "worker \(worker?.rawValue ?? "") did not deliver \(missing.name) (\(missing.digest)) to the store"
        ))
}

private func apply(
    _ verdict: Job.Verdict, to row: JobRow, _ claim: Claim, _ outcome: Outcome?, reason: String?,
    _ settlement: Settlement, _ db: borrowing Connection
) throws -> Standing {
    switch verdict {
    case .superseded: return .superseded
    case .repeated, .started: return .current
    case .requeue(let delay):
        var why = reason
        if case .failed(let failure) = outcome { why = failure.message }
        try row.save(db, at: settlement.now, reason: why)
        try db.emit(
            .jobStateChanged(
                JobStateChanged(
                    state: .ready, reason: why, outcome: outcome, maxAttempts: row.job.maxAttempts,
                    retryInMilliseconds: delay.components.seconds * 1000
                        + delay.components.attoseconds / 1_000_000_000_000_000)),
            build: row.build, job: row.job.id, attempt: row.job.attempt, at: settlement.now)
        try settlement.refresh(row.build, db)
    case .settle(let end):
        try settlement.settle(row, end, db)
    }
    try db.run(
        "UPDATE attempts SET ended_at = ?, outcome_json = ? WHERE job = ? AND fence = ?", settlement.now,
        try outcome.map { try JSONColumn($0) }, claim.job, claim.fence)
    return .current
}

/// 256 random bits as hexadecimal digits.
private func newToken() -> String {
    var random = SystemRandomNumberGenerator()
    return (0..<4).map { _ in
        let digits = String(random.next() as UInt64, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
}

private func digest(of token: String) -> String { SHA256.hex(of: Array(token.utf8)) }
