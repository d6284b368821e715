package import FactoryProtocol
import JSON
import SQLite

/// A job that may be claimed, with what placing it depends on.
package struct ReadyJob: Sendable, Equatable {
    /// Which.
    package var job: JobID
    /// Where it must run.
    package var architecture: Architecture
    /// Capabilities that its worker must have.
    package var requirements: [String]
    /// From when on.
    package var notBefore: Timestamp
    /// The worker that declined it or failed last, so that another one is tried first.
    package var lastWorker: WorkerName?

    /// A job by its parts.
    package init(
        job: JobID, architecture: Architecture, requirements: [String], notBefore: Timestamp,
        lastWorker: WorkerName? = nil
    ) {
        (self.job, self.architecture, self.requirements) = (job, architecture, requirements)
        (self.notBefore, self.lastWorker) = (notBefore, lastWorker)
    }
}

/// What a job needs of its worker.
package struct Need: Sendable, Hashable {
    /// Where it must run.
    package let architecture: Architecture
    /// Capabilities that its worker must have.
    package let requirements: [String]
    /// The same as the row of a job has it.
    let text: String
}

/// Where a job must run, as its row has it.
enum StoredNeed {
    /// The need; nil when it cannot be decoded.
    static func decoded(_ architecture: String, _ requirements: String) -> Need? {
        guard let known = Architecture(rawValue: architecture) else { return nil }
        do throws(JSONError) {
            return Need(
                architecture: known, requirements: try StrictJSON.decode([String].self, from: Array(requirements.utf8)),
                text: architecture + " " + requirements)
        } catch {
            // Why it cannot be read is said by the job that fails for it.
            return nil
        }
    }
}

extension JobStore {
    /// Ready jobs, those of the oldest build first, those included whose wait is not over; at most `limit`, and with
    /// `needs` only those that need one of these.
    package func readyJobs(
        limit: Int = 200, after: JobID = JobID(""), needs: [Need]? = nil
    ) async throws(QueueError) -> [ReadyJob] {
        try await read { db in
            let wanted = try needs.map { try JSONColumn($0.map(\.text)) }
            let rows: [(JobID, String, String, Timestamp, WorkerName?)] = try db.all(
                """
                SELECT id, architecture, requirements_json, ready_at, worker FROM jobs
                WHERE state = 'ready' AND id > ?1
                    AND (?2 IS NULL OR architecture || ' ' || requirements_json IN (SELECT value FROM json_each(?2)))
                ORDER BY id LIMIT ?3
                """, after, wanted, limit)
            // One that cannot be decoded is left out here: it fails by itself and hides no other.
            return rows.compactMap { row in
                StoredNeed.decoded(row.1, row.2).map { need in
                    ReadyJob(
                        job: row.0, architecture: need.architecture, requirements: need.requirements,
                        notBefore: row.3, lastWorker: row.4)
                }
            }
        }
    }

    /// Which of these jobs are ready.
    package func ready(among jobs: [JobID]) async throws(QueueError) -> [JobID] {
        try await read { db in
            try db.all(
                "SELECT id FROM jobs WHERE state = 'ready' AND id IN (SELECT value FROM json_each(?)) ORDER BY id",
                try JSONColumn(jobs))
        }
    }

    /// Which of these builds there are.
    package func known(_ builds: [BuildID]) async throws(QueueError) -> [BuildID] {
        try await read { db in
            try db.all(
                "SELECT id FROM builds WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id",
                try JSONColumn(builds))
        }
    }

    /// Whether a ready job's wait is over.
    package func isDue(_ job: ReadyJob) -> Bool { policy.isDue(job.notBefore, at: now) }

    /// What the ready jobs need: few things, however many jobs there are.
    ///
    /// - Returns: The needs, and whether some could not be decoded (``undecodableRequirements()`` says whose).
    package func readyNeeds() async throws(QueueError) -> (needs: [Need], areUndecodable: Bool) {
        try await read { db in
            let rows: [(String, String)] = try db.all(
                "SELECT DISTINCT architecture, requirements_json FROM jobs WHERE state = 'ready' ORDER BY 1, 2")
            let needs = rows.compactMap { row in StoredNeed.decoded(row.0, row.1) }
            return (needs, needs.count < rows.count)
        }
    }

    /// Builds, the newest first: at most `limit` of those in one of `states` (empty: in any) and older than `before`.
    package func builds(
        limit: Int, states: [BuildState] = [], before: BuildID? = nil
    ) async throws(QueueError) -> [BuildSummary] {
        try await read { db in
            let wanted = states.isEmpty ? nil : try JSONColumn(states)
            let rows: [(BuildID, String, BuildState, String, Timestamp, Timestamp?, Int, Int)] = try db.all(
                """
                SELECT id, title, state, submitted_by, submitted_at, ended_at,
                    (SELECT count(*) FROM jobs WHERE build = builds.id AND \(isDone)),
                    (SELECT count(*) FROM jobs WHERE build = builds.id)
                FROM builds
                WHERE (?1 IS NULL OR state IN (SELECT value FROM json_each(?1))) AND (?2 IS NULL OR id < ?2)
                ORDER BY id DESC LIMIT ?3
                """, wanted, before, limit)
            return rows.map { row in
                BuildSummary(
                    build: row.0, title: StoredPasswords.masked(title: row.1), state: row.2, submittedBy: row.3,
                    submittedAt: row.4, endedAt: row.5, jobsDone: row.6, jobs: row.7)
            }
        }
    }

    /// The whole identifier of a build that was named by its beginning.
    ///
    /// - Throws: ``QueueError``: unknown, ambiguous.
    package func resolve(_ build: BuildID) async throws(QueueError) -> BuildID {
        try await read { db in try db.resolve(build) }
    }

    /// One build with its jobs, artifacts and verdict.
    package func details(of build: BuildID, lastSeq: Int64) async throws(QueueError) -> BuildDetails {
        try await read { db in
            let build = try db.resolve(build)
            let (digest, spec): (String, Stored<JSONColumn<JSONValue>>) = try db.one(
                "SELECT spec_digest, spec_json FROM builds WHERE id = ?", build)
            let artifacts = try db.artifacts(ofBuild: build)
            let jobs = try db.summaries(ofBuild: build).map { job in
                var job = job
                // Beside the list that it is missing in.
                job.reason = job.reason ?? artifacts.faults[job.job]
                return job
            }
            return BuildDetails(
                summary: try db.summary(of: build), specDigest: digest,
                spec: StoredPasswords.masked(spec: spec.value?.value ?? .null), jobs: jobs,
                artifacts: artifacts.readable, verdict: try db.verdict(of: build), lastSeq: lastSeq)
        }
    }

    /// What a build made, as far as it can be read.
    package func artifacts(of build: BuildID) async throws(QueueError) -> [JobArtifact] {
        try await read { db in try db.artifacts(ofBuild: try db.resolve(build)).readable }
    }

    /// One job as lists show it.
    package func job(_ id: JobID) async throws(QueueError) -> JobSummary {
        try await read { db in
            _ = try JobRow.load(id, db)
            guard let found = try db.summaries(ofBuild: id.build).first(where: { $0.job == id }) else {
                throw QueueError(.unknownJob, "there is no job \(id.rawValue)")
            }
            return found
        }
    }

    /// What placing a job depends on, whatever state it is in.
    package func placement(of id: JobID) async throws(QueueError) -> ReadyJob {
        try await read { db in
            guard
                let row: (String, String, Timestamp?, WorkerName?) = try db.first(
                    "SELECT architecture, requirements_json, ready_at, worker FROM jobs WHERE id = ?", id)
            else { throw QueueError(.unknownJob, "there is no job \(id.rawValue)") }
            guard let need = StoredNeed.decoded(row.0, row.1) else {
                throw QueueError(
                    .unreadable,
                    "job \(id.rawValue): where it must run cannot be read: architecture '\(row.0)', requirements \(row.1)"
                )
            }
            return ReadyJob(
                job: id, architecture: need.architecture, requirements: need.requirements,
                notBefore: row.2 ?? Timestamp(milliseconds: 0), lastWorker: row.3)
        }
    }

    /// How many jobs are in each state.
    package func jobCounts() async throws(QueueError) -> [String: Int] {
        try await read { db in
            let rows: [(String, Int)] = try db.all("SELECT state, count(*) FROM jobs GROUP BY state")
            return Dictionary(uniqueKeysWithValues: rows.map { ($0.0, $0.1) })
        }
    }
}

/// Whether a row of `jobs` is one that succeeded, and whose end can be read.
private let isDone = """
    state = 'succeeded' AND CASE WHEN outcome_json IS NULL THEN 1
        WHEN json_valid(outcome_json) THEN coalesce(json_extract(outcome_json, '$.result') = 'succeeded', 0) ELSE 0 END
    """

extension Connection {
    /// The build that an identifier, or the beginning of only one, names.
    borrowing func resolve(_ build: BuildID) throws -> BuildID {
        let text = build.rawValue.uppercased()
        // A prefix as a range of the primary key: no wildcard of a user's text reaches LIKE or GLOB.
        let found: [BuildID] = try all(
            "SELECT id FROM builds WHERE id >= ? AND id < ? ORDER BY id LIMIT 2", text, text + "~")
        guard !text.isEmpty, let first = found.first else {
            throw QueueError(.unknownBuild, "there is no build '\(build.rawValue)'")
        }
        guard found.count == 1 else {
            throw QueueError(.ambiguousBuild, "several builds begin with '\(build.rawValue)'")
        }
        return first
    }

    /// A build's jobs as lists show them, in the order of the plan.
    borrowing func summaries(ofBuild build: BuildID) throws -> [JobSummary] {
        let needs: [(JobID, String)] = try all(
            """
            SELECT job, needed.name FROM dependencies JOIN jobs AS needed ON needed.id = needs
            WHERE needed.build = ? ORDER BY needed.place
            """, build)
        let needed = Dictionary(grouping: needs, by: \.0).mapValues { $0.map(\.1) }
        let rows:
            [(
                JobID, String, String, Stored<Architecture>, JobState, Int, Int, WorkerName?, String?, Timestamp?,
                Timestamp?, Bool, Stored<JSONColumn<Outcome>?>
            )] = try all(
                """
                SELECT id, name, kind, architecture, state, attempt, max_attempts, worker, reason, started_at, ended_at,
                    cached, outcome_json
                FROM jobs WHERE build = ? ORDER BY place
                """, build)
        return try rows.map { row in
            guard let architecture = row.3.value else {
                throw QueueError(
                    .unreadable, "job \(row.0.rawValue): its architecture cannot be read: \(row.3.fault ?? "")")
            }
            let end = StoredOutcome(row.0, row.4, row.12, reason: row.8)
            return JobSummary(
                job: row.0, name: row.1, kind: row.2, architecture: architecture, needs: needed[row.0] ?? [],
                state: end.state, attempt: row.5, maxAttempts: row.6, worker: row.7, reason: end.reason,
                startedAt: row.9, endedAt: row.10, cached: row.11)
        }
    }

    /// A build as lists show it.
    borrowing func summary(of build: BuildID) throws -> BuildSummary {
        let (title, state, user, submittedAt, endedAt): (String, BuildState, String, Timestamp, Timestamp?) = try one(
            "SELECT title, state, submitted_by, submitted_at, ended_at FROM builds WHERE id = ?", build)
        let (done, count): (Int, Int) = try one(
            "SELECT count(*) FILTER (WHERE \(isDone)), count(*) FROM jobs WHERE build = ?", build)
        return BuildSummary(
            build: build, title: StoredPasswords.masked(title: title), state: state, submittedBy: user,
            submittedAt: submittedAt, endedAt: endedAt, jobsDone: done, jobs: count)
    }
}
