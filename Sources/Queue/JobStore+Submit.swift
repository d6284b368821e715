import Crypto
package import FactoryProtocol
import FactorySpec
import JSON
import SQLite

extension JobStore {
    /// Accepts a build: it is on disk when this returns.
    ///
    /// The same user's same key gets the same build again; with another description it is refused.
    ///
    /// - Throws: ``QueueError``: key reused, bad key, database full.
    package func submit(_ submission: Submission) async throws(QueueError) -> Receipt {
        guard (1...200).contains(submission.idempotencyKey.utf8.count) else {
            throw QueueError(
                .badKey, "an idempotency key has 1 to 200 bytes, this one has \(submission.idempotencyKey.utf8.count)")
        }
        let settlement = settlement
        return try await write { db in
            let spec = try CanonicalJSON.encode(submission.spec)
            let digest = "sha256:" + SHA256.hex(of: spec)
            if let receipt = try repeated(submission, digest, db) { return receipt }
            var random = SystemRandomNumberGenerator()
            let build = BuildID.new(at: settlement.now, using: &random)
            try insert(submission, as: build, digest, spec, settlement, db)
            return try receipt(build, isRepeated: false, db)
        }
    }
}

private func repeated(
    _ submission: Submission, _ digest: String, _ db: borrowing Connection
) throws -> Receipt? {
    guard
        let (build, known, noCache): (BuildID, String, Bool) = try db.first(
            "SELECT id, spec_digest, no_cache FROM builds WHERE submitted_by = ? AND idempotency_key = ?",
            submission.user, submission.idempotencyKey)
    else { return nil }
    guard known == digest, noCache == submission.noCache else {
        throw QueueError(
            .keyReused,
            "the idempotency key '\(submission.idempotencyKey)' was used for another description, build "
                + build.rawValue)
    }
    return try receipt(build, isRepeated: true, db)
}

private func insert(
    _ submission: Submission, as build: BuildID, _ digest: String, _ spec: [UInt8], _ settlement: Settlement,
    _ db: borrowing Connection
) throws {
    try db.run(
        """
        INSERT INTO builds(id, submitted_by, idempotency_key, spec_digest, spec_json, title, warnings_json, no_cache,
            source_date_epoch, submitted_at, state)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'queued')
        """,
        build, submission.user, submission.idempotencyKey, digest, String(decoding: spec, as: UTF8.self),
        submission.spec.title, try JSONColumn(submission.plan.warnings), submission.noCache,
        submission.spec.sourceDateEpoch, settlement.now)
    for (place, planned) in submission.plan.jobs.enumerated() {
        try db.run(
            """
            INSERT INTO jobs(id, build, place, name, kind, architecture, work_json, work_format, requirements_json,
                timeout_seconds, max_attempts, state)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'waiting')
            """,
            JobID(build, planned.name), build, place, planned.name, planned.work.kind, planned.arch,
            try JSONColumn(planned.work), StoredWork.format, try JSONColumn(planned.requirements),
            planned.timeoutSeconds,
            planned.maxAttempts)
        for need in planned.needs {
            try db.run(
                "INSERT INTO dependencies VALUES (?, ?)", JobID(build, planned.name), JobID(build, need))
        }
    }
    let jobs = try db.summaries(ofBuild: build)
    try db.emit(.buildAccepted(BuildAccepted(jobs: jobs)), build: build, at: settlement.now)
    for warning in submission.plan.warnings { try db.emit(.warning(warning), build: build, at: settlement.now) }
    for job in jobs {
        var row = try JobRow.load(job.job, db)
        try settlement.promote(&row, db)
    }
}

private func receipt(_ build: BuildID, isRepeated: Bool, _ db: borrowing Connection) throws -> Receipt {
    let (digest, warnings): (String, Stored<JSONColumn<[Warning]>>) = try db.one(
        "SELECT spec_digest, warnings_json FROM builds WHERE id = ?", build)
    return Receipt(
        build: build, specDigest: digest, jobs: try db.summaries(ofBuild: build), isRepeated: isRepeated,
        warnings: warnings.value?.value ?? [
            Warning(
                code: "undecodable-warnings",
                message: "the warnings of build \(build.rawValue) cannot be read: \(warnings.fault ?? "")")
        ])
}

extension JobID {
    /// The identifier of a build's job.
    package init(_ build: BuildID, _ name: String) { self.init(build.rawValue + "." + name) }

    /// The build it belongs to.
    package var build: BuildID { BuildID(String(rawValue.prefix { $0 != "." })) }
}
