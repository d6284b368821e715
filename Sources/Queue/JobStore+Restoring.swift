import FactoryProtocol
import JSON
import SQLite

/// Added to the number of a job's next claim. Claims that the copy does not know may be held by workers still, and none of
/// their numbers may be given out again. No job comes to so many claims.
private let claimGap: Int64 = 1 << 20

/// What becomes of a database that was restored from an older copy, while the logs of the builds are newer.
extension JobStore {
    /// The highest number that the outbox has given out; 0 for none.
    package func lastFarmEvent() async throws(QueueError) -> Int64 { try await read { db in try db.lastFarmEvent() } }

    /// Brings a queue that is older than the logs to where it can go on, in one transaction.
    ///
    /// - The outbox gives out numbers above `number`: a log drops what has a number up to its last one.
    /// - Events that wait in the outbox get such numbers, unless their log has them already.
    /// - A claim goes back when the log tells that it ended. One that still stands is kept, with its worker.
    /// - Attempts and claims get numbers that were never given out.
    /// - Each log that is ahead gets a warning, where its jobs are by what the queue knows, and the end of a build that is over:
    ///   what it had last may be what the queue does not know.
    ///
    /// - Parameters:
    ///   - number: The highest outbox number in any log.
    ///   - ahead: The builds of the queue whose logs have a higher number than the outbox has given out.
    /// - Returns: False when the queue is not older; nothing is written then.
    /// - Throws: ``QueueError``; nothing is written then.
    package func catchUp(to number: Int64, _ ahead: [LoggedBuild]) async throws(QueueError) -> Bool {
        let settlement = settlement
        return try await write { db in
            let last = try db.lastFarmEvent()
            guard number > last else { return false }
            try db.raiseFarmEvents(to: number)
            for logged in ahead {
                let endedAt: Timestamp? = try db.one("SELECT ended_at FROM builds WHERE id = ?", logged.build)
                let waiting = try db.takeFarmEvents(of: logged.build)
                try db.emit(.warning(.restored), build: logged.build, at: settlement.now)
                try db.putBack(waiting, logged, isEnded: endedAt != nil)
                try settlement.catchUp(logged, after: last, db)
                try settlement.refresh(logged.build, db)
                try db.repeatEnd(of: logged.build, at: settlement.now)
            }
            try db.run("UPDATE jobs SET fence = fence + ? WHERE state IN ('waiting', 'ready')", claimGap)
            return true
        }
    }
}

extension Settlement {
    /// Brings the jobs of a build to where they can go on; `last` is the highest number that the outbox has given out.
    fileprivate func catchUp(_ logged: LoggedBuild, after last: Int64, _ db: borrowing Connection) throws {
        // Last first, so that a job is not given up for a need that is cancelled in the same breath.
        let jobs: [JobID] = try db.all("SELECT id FROM jobs WHERE build = ? ORDER BY place DESC", logged.build)
        for id in jobs {
            var row = try JobRow.load(id, db)
            let states = logged.states(of: id, after: last)
            let claim = row.job.lease.map { _ in row.job.fence }
            let known = logged.lastAttempt(of: id)
            // Nothing may follow a claim that still stands, but that its worker took it.
            let isClaimOver = known > row.job.attempt || states.contains { $0 != .running }
            let move = row.job.restored(knownAttempt: known, isClaimOver: isClaimOver)
            if let claim, move != .unchanged {
                try db.run(
                    "UPDATE attempts SET ended_at = ? WHERE job = ? AND fence = ?", now, id, claim)
            }
            switch move {
            case .settle(let end): try settle(row, end, db)
            case .queue:
                let reason = "the farm's database was restored from an older copy"
                try row.save(db, at: now, reason: reason)
                try db.announce(row, reason, at: now)
            case .unchanged, .tellWorker:
                if claim == nil {
                    try db.run(
                        "UPDATE jobs SET attempt = ?, max_attempts = ? WHERE id = ?", row.job.attempt,
                        row.job.maxAttempts, id)
                    if !states.isEmpty { try db.announce(row, nil, at: now) }
                } else if states.contains(.running), case .started = row.job.accepted(row.job.fence) {
                    // The log has already that its worker took it.
                    try row.save(db, at: now)
                    try db.noteStart(of: row.job, at: now)
                }
            }
            if row.job.lease == nil, row.job.state.name.isFinal {
                try db.run("UPDATE jobs SET fence = fence + ? WHERE id = ?", claimGap, id)
            }
        }
    }
}

extension Warning {
    /// What stands in the log of a build where an older database goes on.
    fileprivate static let restored = Warning(
        code: "database-restored",
        message: "the farm's database was restored from an older copy: what came after that copy is done again")
}

extension Connection {
    fileprivate borrowing func lastFarmEvent() throws -> Int64 {
        try first("SELECT seq FROM sqlite_sequence WHERE name = 'farm_events'") ?? 0
    }

    fileprivate borrowing func raiseFarmEvents(to number: Int64) throws {
        guard try run("UPDATE sqlite_sequence SET seq = ? WHERE name = 'farm_events'", number) == 0 else { return }
        try run("INSERT INTO sqlite_sequence(name, seq) VALUES ('farm_events', ?)", number)
    }

    /// Takes what waits for a log out of the outbox, in order.
    fileprivate borrowing func takeFarmEvents(of build: BuildID) throws -> [(JobID?, Int?, Timestamp, String)] {
        let rows: [(JobID?, Int?, Timestamp, String)] = try all(
            "SELECT job, attempt, at, event_json FROM farm_events WHERE build = ? ORDER BY id", build)
        try run("DELETE FROM farm_events WHERE build = ?", build)
        return rows
    }

    /// Puts what waits for a log into the outbox again, under new numbers and without what the log has. The end of a build that
    /// is over is left out, for it comes last.
    fileprivate borrowing func putBack(
        _ waiting: [(JobID?, Int?, Timestamp, String)], _ logged: LoggedBuild, isEnded: Bool
    ) throws {
        var inLog: [String: Int] = [:]
        for farm in logged.farmEvents { inLog[try CanonicalJSON.text(farm.event), default: 0] += 1 }
        for (job, attempt, at, json) in waiting {
            let event = decoded(json)
            let text = try event.map { try CanonicalJSON.text($0) } ?? json
            if let count = inLog[text], count > 0 {
                inLog[text] = count - 1
                continue
            }
            if isEnded, case .buildEnded = event?.kind { continue }
            try run(
                "INSERT INTO farm_events(build, job, attempt, at, event_json) VALUES (?, ?, ?, ?, ?)", logged.build,
                job, attempt, at, json)
        }
    }

    /// Says where a job is by what the queue knows.
    fileprivate borrowing func announce(_ row: JobRow, _ reason: String?, at now: Timestamp) throws {
        var change = JobStateChanged(state: row.job.state.name, reason: reason, maxAttempts: row.job.maxAttempts)
        if case .ended(let end) = row.job.state {
            change.reason = end.reason
            change.outcome = end.outcome
            change.cached = end.isCached ? true : nil
        }
        try emit(.jobStateChanged(change), build: row.build, job: row.job.id, attempt: row.job.attempt, at: now)
    }
}

/// A waiting event. One that cannot be read is kept as it is: who puts it into the log says so.
private func decoded(_ json: String) -> Event? {
    do {
        return try StrictJSON.decode(Event.self, from: Array(json.utf8), maxDepth: JSONCheck.greatestDepth)
    } catch {
        return nil
    }
}
