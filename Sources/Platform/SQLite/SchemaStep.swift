import Crypto

/// One forward step of a database's schema.
package struct SchemaStep: Sendable, Equatable {
    /// Its identity and its place in the order, for example `0001_queue`.
    package let name: String
    /// Its statements.
    package let sql: String

    /// A step by its name and text.
    package init(name: String, sql: String) { (self.name, self.sql) = (name, sql) }

    /// SHA-256 of the text, 64 hexadecimal digits: shows that a step was edited after it was applied.
    package var digest: String { SHA256.hex(of: Array(sql.utf8)) }
}

extension Connection {
    /// Applies the steps that are missing, each in a transaction of its own; the names of those applied now.
    ///
    /// The table `migrations` (name, digest, time) says what is there. A number such as `user_version` could not show
    /// that an applied step was edited.
    ///
    /// - Throws: ``SQLiteError/Code/migrationChanged`` for an applied step with another text,
    ///   ``SQLiteError/Code/newerDatabase`` for one that `steps` does not have at its place. Nothing is changed then.
    @discardableResult
    package borrowing func migrate(_ steps: [SchemaStep]) throws -> [String] {
        try script(
            """
            CREATE TABLE IF NOT EXISTS migrations(
                name TEXT PRIMARY KEY NOT NULL, digest TEXT NOT NULL, applied_at TEXT NOT NULL) STRICT
            """)
        let missing = try missing(of: steps)
        for step in missing {
            try transaction(.immediate) { db in
                try db.script(step.sql)
                try db.run(
                    "INSERT INTO migrations VALUES (?, ?, strftime('%Y-%m-%dT%H:%M:%fZ'))", step.name, step.digest)
            }
        }
        return missing.map(\.name)
    }

    /// Says whether ``migrate(_:)`` with these steps would be refused, and changes no byte: for a connection that only
    /// reads. A database without a schema is not refused.
    package borrowing func checkSchema(_ steps: [SchemaStep]) throws {
        let tables: Int = try one("SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'migrations'")
        if tables == 1 { _ = try missing(of: steps) }
    }

    /// The steps that are not applied yet.
    private borrowing func missing(of steps: [SchemaStep]) throws -> ArraySlice<SchemaStep> {
        let applied: [(String, String)] = try all("SELECT name, digest FROM migrations ORDER BY name")
        for (place, (name, digest)) in applied.enumerated() {
            guard place < steps.count, steps[place].name == name else {
                throw SQLiteError(
                    .newerDatabase,
                    "\(path) was written by a newer release: it holds the migration '\(name)'. Nothing was changed; start "
                        + "the newer release again, or restore a backup of before the upgrade")
            }
            guard steps[place].digest == digest else {
                throw SQLiteError(
                    .migrationChanged,
                    "migration '\(name)' was edited after it was applied to \(path): digest \(steps[place].digest), "
                        + "applied \(digest)")
            }
        }
        return steps.dropFirst(applied.count)
    }
}
