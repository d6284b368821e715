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
    let isStored: @Sendable (Artifact) -> Bool
    /// Where rows that cannot be read are told of.
    let undecodable: UndecodableRows

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
        let needs: [(JobID, JobState, Stored<JSONColumn<Outcome>?>)] = try db.all(
            """
            SELECT jobs.id, jobs.state, jobs.outcome_json FROM dependencies JOIN jobs ON jobs.id = needs
            WHERE job = ?
            """, row.job.id)
        // One whose end cannot be read has failed; refreshing the build gives this job up for it.
        let isMet = needs.allSatisfy { StoredOutcome($0.0, $0.1, $0.2, reason: nil).state == .succeeded }
        guard isMet, case .queue = row.job.needsMet() else { return }
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
        let members = try db.members(ofBuild: build)
        if let job = members.undecodable {
            // Written as the failure that it counts as, so that all agree on it. This comes back here for the next one.
            return try failUndecodableOutcome(of: job, db)
        }
        let progress = BuildProgress(members.all)
        let (before, submittedAt): (BuildState, Timestamp) = try db.one(
            "SELECT state, submitted_at FROM builds WHERE id = ?", build)
        let state = progress.state
        guard state != before else { return }
        let artifacts = try db.artifacts(ofBuild: build)
        let verdict = progress.verdict(
            milliseconds: now.milliseconds.subtractingReportingOverflow(submittedAt.milliseconds).partialValue,
            artifacts: artifacts.readable.map(\.artifact))
        if verdict != nil { try warn(artifacts.faults, build, db) }
        try db.run(
            "UPDATE builds SET state = ?, ended_at = ?, verdict_json = ? WHERE id = ?",
            state, verdict == nil ? nil : now, try verdict.map { try JSONColumn($0) }, build)
        if let verdict { try db.emit(.buildEnded(BuildEnded(verdict: verdict)), build: build, at: now) }
    }

    /// Ends a job once more, as a failure, whose end cannot be read.
    func failUndecodableOutcome(of job: JobID, _ db: borrowing Connection) throws {
        let row = try JobRow.load(job, db)
        guard case .ended(let end) = row.job.state else {
            throw QueueError(.unreadable, "the row of job \(job.rawValue) contradicts itself")
        }
        undecodable.note("job \(job.rawValue)", end.reason ?? "")
        try settle(row, end, db)
    }

    /// Says what is missing in the list of what a build made.
    private func warn(_ faults: [JobID: String], _ build: BuildID, _ db: borrowing Connection) throws {
        for (job, fault) in faults.sorted(by: { $0.key < $1.key }) {
            let message = "job \(job.rawValue): \(fault); it is left out of the list"
            undecodable.note("job \(job.rawValue)", fault)
            try db.emit(
                .warning(Warning(code: "undecodable-artifact", message: message)), build: build, job: job, at: now)
        }
    }
}
