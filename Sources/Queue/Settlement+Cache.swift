import FactoryProtocol
import FactorySpec
import SQLite

extension Settlement {
    /// What an earlier success left, whole.
    private struct EarlierResult {
        let artifacts: [Artifact]
        let bootResults: [(firmware: String, result: JSONColumn<BootResult>)]
    }

    /// Settles a ready job from an earlier success with the same key whose artifacts are all still in the store.
    ///
    /// An earlier success that cannot be read is none: the job runs.
    func takeFromCache(_ row: inout JobRow, _ db: borrowing Connection) throws -> Bool {
        let (format, json, noCache, epoch): (Int64, String, Bool, Int64?) = try db.one(
            """
            SELECT work_format, work_json, no_cache, source_date_epoch FROM jobs JOIN builds ON builds.id = jobs.build
            WHERE jobs.id = ?
            """, row.job.id)
        let work: JobWork
        let inputs: [Artifact]
        do {
            work = try StoredWork(format: format, json: json).decoded()
            guard work.mayBeSettledFromCache else { return false }
            inputs = try db.inputs(of: row.job.id)
        } catch is UndecodableWork {
            // It fails when it is claimed: the job that made it ready must end as it did.
            return false
        }
        let key = try CacheKey.of(work, inputs: inputs, sourceDateEpoch: epoch)
        try db.run("UPDATE jobs SET cache_key = ? WHERE id = ?", key, row.job.id)
        guard !noCache else { return false }
        let candidates: [JobID] = try db.all(
            "SELECT id FROM jobs WHERE cache_key = ? AND state = 'succeeded' ORDER BY ended_at DESC LIMIT 5", key)
        for origin in candidates {
            guard let result = try earlierResult(of: origin, db),
                result.artifacts.allSatisfy({ isStored($0) })
            else { continue }
            guard case .settle(let end) = row.job.foundInCache(origin) else { return false }
            try copy(result, to: row, db)
            try settle(row, end, db)
            return true
        }
        return false
    }

    /// What a job made; nil when that, or how the job ended, cannot be read.
    private func earlierResult(of origin: JobID, _ db: borrowing Connection) throws -> EarlierResult? {
        let outcome: Stored<JSONColumn<Outcome>?> = try db.one("SELECT outcome_json FROM jobs WHERE id = ?", origin)
        let artifacts = try db.artifacts(of: origin)
        let rows: [(String, Stored<JSONColumn<BootResult>>)] = try db.all(
            """
            SELECT firmware, result_json FROM boot_results WHERE job = ?1
                AND attempt = (SELECT max(attempt) FROM boot_results WHERE job = ?1) ORDER BY firmware
            """, origin)
        if let fault = outcome.fault ?? artifacts.fault ?? rows.lazy.compactMap({ $0.1.fault }).first {
            undecodable.note("job \(origin.rawValue)", "no later build takes its result: \(fault)")
            return nil
        }
        return EarlierResult(
            artifacts: artifacts.readable,
            bootResults: rows.compactMap { firmware, result in result.value.map { (firmware, $0) } })
    }

    private func copy(_ earlier: EarlierResult, to row: JobRow, _ db: borrowing Connection) throws {
        try db.store(earlier.artifacts, of: row.job.id)
        for artifact in earlier.artifacts {
            try db.emit(.artifact(artifact), build: row.build, job: row.job.id, attempt: row.job.attempt, at: now)
        }
        for (firmware, result) in earlier.bootResults {
            // An attempt that failed may have left a result of its own under this number.
            try db.run(
                "INSERT OR REPLACE INTO boot_results VALUES (?, ?, ?, ?)", row.job.id, row.job.attempt, firmware,
                result)
            try db.emit(.bootResult(result.value), build: row.build, job: row.job.id, attempt: row.job.attempt, at: now)
        }
    }
}
