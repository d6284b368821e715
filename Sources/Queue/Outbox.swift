package import FactoryProtocol
import SQLite

/// An event of the farm itself, not yet known to be in its build's log.
package struct FarmEvent: Sendable, Equatable {
    /// Its place among all farm events, in the order in which they were committed.
    package let id: Int64
    /// The build it belongs to.
    package let build: BuildID
    /// The event; its number within the build is given by the log.
    package let event: Event
}

extension Connection {
    /// Notes an event in the transaction that makes it true.
    borrowing func emit(
        _ kind: Event.Kind, build: BuildID, job: JobID? = nil, attempt: Int? = nil, at now: Timestamp
    ) throws {
        let event = Event(seq: 0, at: now, job: job, attempt: attempt, kind: kind)
        try run(
            "INSERT INTO farm_events(build, job, attempt, at, event_json) VALUES (?, ?, ?, ?, ?)",
            build, job, attempt, now, try JSONColumn(event))
    }

    /// Notes the end of a build that is over once more, unless that is in the outbox already.
    borrowing func repeatEnd(of build: BuildID, at now: Timestamp) throws {
        guard
            let verdict: JSONColumn<FactoryProtocol.Verdict>? = try first(
                """
                SELECT verdict_json FROM builds WHERE id = ?1 AND NOT EXISTS
                    (SELECT 1 FROM farm_events WHERE build = ?1 AND event_json LIKE '%"buildEnded"%')
                """, build),
            let verdict
        else { return }
        try emit(.buildEnded(BuildEnded(verdict: verdict.value)), build: build, at: now)
    }
}

extension JobStore {
    /// Events of a build after number `id`, in order; at most 500.
    package func farmEvents(of build: BuildID, after id: Int64) async throws(QueueError) -> [FarmEvent] {
        try await read { db in
            let rows: [(Int64, JSONColumn<Event>)] = try db.all(
                "SELECT id, event_json FROM farm_events WHERE build = ? AND id > ? ORDER BY id LIMIT 500", build, id)
            return rows.map { FarmEvent(id: $0.0, build: build, event: $0.1.value) }
        }
    }

    /// Whether there are events of a build that may not be in its log on disk yet.
    package func hasFarmEvents(_ build: BuildID) async throws(QueueError) -> Bool {
        try await read { db in
            let found: Bool = try db.one("SELECT EXISTS(SELECT 1 FROM farm_events WHERE build = ?)", build)
            return found
        }
    }

    /// Builds with events that may not be in their logs yet: looked at once, at start.
    package func buildsWithFarmEvents() async throws(QueueError) -> [BuildID] {
        try await read { db in try db.all("SELECT DISTINCT build FROM farm_events ORDER BY build") }
    }

    /// Adds a warning to a build's events.
    package func warn(_ build: BuildID, _ warning: Warning) async throws(QueueError) {
        let now = now
        try await write { db in try db.emit(.warning(warning), build: build, at: now) }
    }

    /// Says the end of a build that is over once more, unless that is in the outbox already: for a log that lost it.
    package func repeatEnd(of build: BuildID) async throws(QueueError) {
        let now = now
        try await write { db in try db.repeatEnd(of: build, at: now) }
    }

    /// Removes events that are in their build's log on disk.
    package func forgetFarmEvents(of build: BuildID, through id: Int64) async throws(QueueError) {
        try await write { db in _ = try db.run("DELETE FROM farm_events WHERE build = ? AND id <= ?", build, id) }
    }
}
