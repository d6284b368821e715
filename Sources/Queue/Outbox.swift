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
        let isOver: Bool = try one(
            """
            SELECT EXISTS(SELECT 1 FROM builds WHERE id = ?1 AND ended_at IS NOT NULL AND NOT EXISTS
                (SELECT 1 FROM farm_events WHERE build = ?1 AND event_json LIKE '%"buildEnded"%'))
            """, build)
        guard isOver, let verdict = try verdict(of: build) else { return }
        try emit(.buildEnded(BuildEnded(verdict: verdict)), build: build, at: now)
    }
}

extension JobStore {
    /// Events of a build after number `id`, in order; at most 500.
    package func farmEvents(of build: BuildID, after id: Int64) async throws(QueueError) -> [FarmEvent] {
        if let events = try await storedEvents(of: build, after: id) { return events }
        try await replaceUndecodableEvents(of: build, after: id)
        return try await storedEvents(of: build, after: id) ?? []
    }

    /// The events; nil when some of them cannot be read.
    private func storedEvents(of build: BuildID, after id: Int64) async throws(QueueError) -> [FarmEvent]? {
        try await read { db in
            let rows: [(Int64, Stored<JSONColumn<Event>>)] = try db.all(
                "SELECT id, event_json FROM farm_events WHERE build = ? AND id > ? ORDER BY id LIMIT 500", build, id)
            let events = rows.compactMap { id, event in
                event.value.map { FarmEvent(id: id, build: build, event: $0.value) }
            }
            return events.count == rows.count ? events : nil
        }
    }

    /// Puts a warning in the place of each event that cannot be read, so that the numbers go on. A build that is over must
    /// have its end as the last one, for its watchers wait for that.
    private func replaceUndecodableEvents(of build: BuildID, after id: Int64) async throws(QueueError) {
        let now = now
        let undecodable = undecodable
        let faults = try await write { db in
            let rows: [(Int64, JobID?, Int?, Timestamp, Stored<JSONColumn<Event>>)] = try db.all(
                "SELECT id, job, attempt, at, event_json FROM farm_events WHERE build = ? AND id > ? ORDER BY id",
                build, id)
            var faults: [String] = []
            for (id, job, attempt, at, event) in rows {
                guard let fault = event.fault else { continue }
                let message = "event \(id) of the farm cannot be read and is left out: \(fault)"
                let warning = Warning(code: "undecodable-event", message: message)
                let event = Event(seq: 0, at: at, job: job, attempt: attempt, kind: .warning(warning))
                try db.run("UPDATE farm_events SET event_json = ? WHERE id = ?", try JSONColumn(event), id)
                faults.append(message)
            }
            if let last = rows.last, last.4.fault != nil, let verdict = try db.verdict(of: build) {
                try db.emit(.buildEnded(BuildEnded(verdict: verdict)), build: build, at: now)
            } else if !faults.isEmpty {
                // A restored queue says where its jobs are behind what waited.
                try db.repeatEnd(of: build, at: now)
            }
            return faults
        }
        for fault in faults { undecodable.note("build \(build.rawValue)", fault) }
    }

    /// Whether a build is known and over.
    package func isOver(_ build: BuildID) async throws(QueueError) -> Bool {
        try await read { db in
            let found: Bool = try db.one(
                "SELECT EXISTS(SELECT 1 FROM builds WHERE id = ? AND ended_at IS NOT NULL)", build)
            return found
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
