import FactoryProtocol
import FactorySpec
import SQLite

/// One transaction's view of time, patience and what the store holds; carries a job's end to all that it touches.
struct Settlement: Sendable {
    let now: Timestamp
    let policy: RetryPolicy
    /// Attempts that a retried job gets.
    let attempts = 3
    /// Whether an artifact's bytes are in the store.
    let isStored: @Sendable (Digest) -> Bool

    /// Writes a job's end and all that follows: jobs that need it become ready or are given up, the build may end.
    func settle(_ row: JobRow, _ end: Job.End, _ db: borrowing Connection) throws {
        try row.save(db, at: now)
        try db.emit(
            .jobStateChanged(
                JobStateChanged(
                    state: end.state, reason: end.reason, outcome: end.outcome, maxAttempts: row.job.maxAttempts,
                    cached: end.isCached ? true : nil)),
            build: row.build, job: row.job.id, attempt: row.job.attempt, at: now)
        let dependents: [JobID] = try db.all(
            "SELECT job FROM dependencies JOIN jobs ON jobs.id = job WHERE needs = ? ORDER BY place", row.job.id)
        for id in dependents {
            var dependent = try JobRow.load(id, db)
            if end.state == .succeeded {
                try promote(&dependent, db)
            } else if case .settle(let end) = dependent.job.neededJobEnded(row.name, as: end.state) {
                try settle(dependent, end, db)
            }
        }
        try refresh(row.build, db)
    }

    /// Ends a ready job, or one that is just being claimed, that cannot be decoded.
    func fail(_ row: inout JobRow, _ error: UndecodableWork, _ db: borrowing Connection) throws -> Failure {
        let failure = error.failure(of: row.job.id)
        guard case .settle(let end) = row.job.undecodable(failure) else { return failure }
        try settle(row, end, db)
        return failure
    }

    /// Makes a waiting job ready when all that it needs has succeeded; takes an earlier result when there is one.
    func promote(_ row: inout JobRow, _ db: borrowing Connection) throws {
        let missing: Int = try db.one(
            """
            SELECT count(*) FROM dependencies JOIN jobs ON jobs.id = needs
            WHERE job = ? AND jobs.state <> 'succeeded'
            """, row.job.id)
        guard missing == 0, case .queue = row.job.needsMet() else { return }
        try row.save(db, at: now)
        if try takeFromCache(&row, db) { return }
        try announceReady(row, db)
    }

    /// Says that a job may be claimed.
    func announceReady(_ row: JobRow, _ db: borrowing Connection) throws {
        try db.emit(
            .jobStateChanged(JobStateChanged(state: .ready, maxAttempts: row.job.maxAttempts)),
            build: row.build, job: row.job.id, attempt: row.job.attempt, at: now)
    }

    /// Writes where the build is by where its jobs are; on its end, the verdict and the one last event.
    func refresh(_ build: BuildID, _ db: borrowing Connection) throws {
        let rows: [(JobID, String, JobState, Int, JSONColumn<Outcome>?, String?)] = try db.all(
            "SELECT id, name, state, attempt, outcome_json, reason FROM jobs WHERE build = ? ORDER BY place", build)
        let progress = BuildProgress(
            rows.map {
                BuildProgress.Member(
                    job: $0.0, name: $0.1, state: $0.2, attempt: $0.3, outcome: $0.4?.value, reason: $0.5)
            })
        let (before, submittedAt): (BuildState, Timestamp) = try db.one(
            "SELECT state, submitted_at FROM builds WHERE id = ?", build)
        let state = progress.state
        guard state != before else { return }
        let artifacts = try db.artifacts(ofBuild: build).map(\.artifact)
        let verdict = progress.verdict(
            milliseconds: now.milliseconds.subtractingReportingOverflow(submittedAt.milliseconds).partialValue,
            artifacts: artifacts)
        try db.run(
            "UPDATE builds SET state = ?, ended_at = ?, verdict_json = ? WHERE id = ?",
            state, verdict == nil ? nil : now, try verdict.map { try JSONColumn($0) }, build)
        if let verdict { try db.emit(.buildEnded(BuildEnded(verdict: verdict)), build: build, at: now) }
    }

    /// Settles a ready job from an earlier success with the same key whose artifacts are all still in the store.
    private func takeFromCache(_ row: inout JobRow, _ db: borrowing Connection) throws -> Bool {
        let (format, json, noCache, epoch): (Int64, String, Bool, Int64?) = try db.one(
            """
            SELECT work_format, work_json, no_cache, source_date_epoch FROM jobs JOIN builds ON builds.id = jobs.build
            WHERE jobs.id = ?
            """, row.job.id)
        let work: JobWork
        do throws(UndecodableWork) {
            work = try StoredWork(format: format, json: json).decoded()
        } catch {
            // It fails when it is claimed: the job that made it ready must end as it did.
            return false
        }
        guard work.mayBeSettledFromCache else { return false }
        let inputs = try db.inputs(of: row.job.id)
        let key = try CacheKey.of(work, inputs: inputs, sourceDateEpoch: epoch)
        try db.run("UPDATE jobs SET cache_key = ? WHERE id = ?", key, row.job.id)
        guard !noCache else { return false }
        let candidates: [JobID] = try db.all(
            "SELECT id FROM jobs WHERE cache_key = ? AND state = 'succeeded' ORDER BY ended_at DESC LIMIT 5", key)
        for origin in candidates {
            let artifacts = try db.artifacts(of: origin)
            guard artifacts.allSatisfy({ isStored($0.digest) }) else { continue }
            guard case .settle(let end) = row.job.foundInCache(origin) else { return false }
            try copyResults(of: origin, artifacts, to: row, db)
            try settle(row, end, db)
            return true
        }
        return false
    }

    private func copyResults(
        of origin: JobID, _ artifacts: [Artifact], to row: JobRow, _ db: borrowing Connection
    ) throws {
        try db.store(artifacts, of: row.job.id)
        let results: [(String, JSONColumn<BootResult>)] = try db.all(
            """
            SELECT firmware, result_json FROM boot_results WHERE job = ?1
                AND attempt = (SELECT max(attempt) FROM boot_results WHERE job = ?1) ORDER BY firmware
            """, origin)
        for artifact in artifacts {
            try db.emit(.artifact(artifact), build: row.build, job: row.job.id, attempt: row.job.attempt, at: now)
        }
        for (firmware, result) in results {
            // An attempt that failed may have left a result of its own under this number.
            try db.run(
                "INSERT OR REPLACE INTO boot_results VALUES (?, ?, ?, ?)", row.job.id, row.job.attempt, firmware,
                result)
            try db.emit(.bootResult(result.value), build: row.build, job: row.job.id, attempt: row.job.attempt, at: now)
        }
    }
}
