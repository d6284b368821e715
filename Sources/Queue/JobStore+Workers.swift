package import FactoryProtocol
import SQLite

/// A worker that has registered at least once.
package struct KnownWorker: Sendable, Equatable {
    /// Its name.
    package var name: WorkerName
    /// What it offered last.
    package var offer: Register
    /// Program and version.
    package var software: String
    /// Whether it is to get no more jobs.
    package var isDraining: Bool
    /// When it was heard last, as far as that was written down.
    package var registeredAt: Timestamp
}

extension JobStore {
    /// Keeps what a worker offers. Whether it drains stays as it was.
    package func register(_ name: WorkerName, _ offer: Register, software: String) async throws(QueueError) {
        let now = now
        try await write { db in
            _ = try db.run(
                """
                INSERT INTO workers(name, architectures_json, slots, capabilities_json, host, software, registered_at,
                    instance)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT(name) DO UPDATE SET architectures_json = excluded.architectures_json,
                    slots = excluded.slots, capabilities_json = excluded.capabilities_json, host = excluded.host,
                    software = excluded.software, registered_at = excluded.registered_at, instance = excluded.instance
                """,
                name, try JSONColumn(offer.architectures), offer.slots, try JSONColumn(offer.capabilities),
                offer.host, software, now, offer.instance)
        }
    }

    /// Whether a worker is to get no more jobs; false for one that is not known.
    package func isDraining(_ name: WorkerName) async throws(QueueError) -> Bool {
        try await read { db in try db.first("SELECT draining FROM workers WHERE name = ?", name) ?? false }
    }

    /// Sets whether a worker gets more jobs.
    ///
    /// - Throws: ``QueueError/Code/unknownWorker``.
    package func setDraining(_ name: WorkerName, _ draining: Bool) async throws(QueueError) {
        try await write { db in
            guard try db.run("UPDATE workers SET draining = ? WHERE name = ?", draining, name) == 1 else {
                throw QueueError(.unknownWorker, "no worker '\(name.rawValue)' is known")
            }
        }
    }

    /// Notes that these workers are here now, then forgets those that were not for longer than `silence` and hold nothing;
    /// their names. One that drains is kept: it was set aside on purpose, and has to stay so when it returns.
    package func forgetWorkers(
        silentFor silence: Duration, present: [WorkerName]
    ) async throws(QueueError) -> [WorkerName] {
        let now = now
        let oldest = now.advanced(by: .zero - silence)
        return try await write { db in
            for name in present { try db.run("UPDATE workers SET registered_at = ? WHERE name = ?", now, name) }
            let gone: [WorkerName] = try db.all(
                """
                SELECT name FROM workers WHERE registered_at < ? AND NOT draining AND NOT EXISTS
                    (SELECT 1 FROM jobs WHERE worker = workers.name AND state IN ('leased', 'running'))
                ORDER BY name
                """, oldest)
            for name in gone { try db.run("DELETE FROM workers WHERE name = ?", name) }
            return gone
        }
    }

    /// All workers that registered and were not forgotten, by name. One whose row cannot be read is left out: its next
    /// registration writes the row anew.
    package func knownWorkers() async throws(QueueError) -> [KnownWorker] {
        let undecodable = undecodable
        return try await read { db in
            let rows:
                [(
                    WorkerName, Stored<JSONColumn<[Architecture]>>, Int, Stored<JSONColumn<[String: String]>>, String,
                    String, Bool, Timestamp, String?
                )] = try db.all(
                    """
                    SELECT name, architectures_json, slots, capabilities_json, host, software, draining, registered_at,
                        instance
                    FROM workers ORDER BY name
                    """)
            return rows.compactMap { row in
                guard let architectures = row.1.value, let capabilities = row.3.value else {
                    undecodable.note(
                        "worker \(row.0.rawValue)",
                        "what it offers cannot be read, and is not known until it registers again: "
                            + (row.1.fault ?? row.3.fault ?? ""))
                    return nil
                }
                return KnownWorker(
                    name: row.0,
                    offer: Register(
                        architectures: architectures.value, slots: row.2, capabilities: capabilities.value, host: row.4,
                        instance: row.8),
                    software: row.5, isDraining: row.6, registeredAt: row.7)
            }
        }
    }
}
