import CSQLite

/// What went wrong in a database: SQLite's own refusals and the few of this module.
///
/// Compare by ``code``; the text is for people.
package struct SQLiteError: Error, Sendable, CustomStringConvertible {
    /// The kind of failure, stable across releases.
    package struct Code: Sendable, Hashable {
        /// The code as it is shown and sent: kebab case.
        package let rawValue: String

        /// Another connection holds the lock and did not let go within the busy time-out.
        package static let busy = Code(rawValue: "database-busy")
        /// No room on the disk (or in the size limit) for the write; nothing of it is visible.
        package static let full = Code(rawValue: "database-full")
        /// A CHECK, UNIQUE, NOT NULL or foreign key refused the row.
        package static let constraint = Code(rawValue: "constraint")
        /// The file is damaged, or is no SQLite database.
        package static let corrupt = Code(rawValue: "database-corrupt")
        /// The disk refused a read or a write.
        package static let io = Code(rawValue: "database-io")
        /// The file cannot be opened or is read-only.
        package static let cannotOpen = Code(rawValue: "database-cannot-open")
        /// A column holds another type than the one asked for.
        package static let mismatch = Code(rawValue: "column-mismatch")
        /// A row was promised and there is none.
        package static let noRow = Code(rawValue: "no-row")
        /// A mistake in the caller's SQL or in its arguments.
        package static let misuse = Code(rawValue: "database-misuse")
        /// The file belongs to another program (its application id is not ours).
        package static let foreign = Code(rawValue: "database-foreign")
        /// A migration that was applied has another text now.
        package static let migrationChanged = Code(rawValue: "migration-changed")
        /// The database holds a migration that this program does not know.
        package static let newerDatabase = Code(rawValue: "database-newer")
        /// An fsync failed before: the writer takes nothing more (see ``Writer``).
        package static let writerStopped = Code(rawValue: "writer-stopped")
        /// Any other result code of SQLite.
        package static let other = Code(rawValue: "database")
    }

    /// The kind of failure.
    package let code: Code
    /// SQLite's extended result code (<https://sqlite.org/rescode.html>); 0 when SQLite was not asked.
    package let extended: Int32
    /// A sentence that names the thing and the value.
    package let message: String
    /// The statement, when one was at fault.
    package let sql: String?

    /// An error of this module's own.
    package init(_ code: Code, _ message: String, sql: String? = nil) {
        (self.code, self.extended, self.message, self.sql) = (code, 0, message, sql)
    }

    /// An error that SQLite returned.
    init(extended: Int32, message: String, sql: String?) {
        (self.code, self.extended, self.message, self.sql) = (Self.code(of: extended), extended, message, sql)
    }

    /// True when a UNIQUE index or a primary key refused the row.
    package var isDuplicate: Bool {
        extended == SQLiteError.constraintUnique || extended == SQLiteError.constraintPrimaryKey
    }

    /// True after a failed fsync: the kernel may have dropped the page, so nothing written before it can be trusted
    /// to be on disk.
    var isFailedSync: Bool { extended == SQLiteError.syncFailed || extended == SQLiteError.directorySyncFailed }

    package var description: String {
        let number = extended == 0 ? "" : " (sqlite \(extended))"
        return message + number + (sql.map { ", in: \($0)" } ?? "")
    }

    private static func code(of extended: Int32) -> Code {
        switch extended & 0xff {
        case SQLITE_BUSY, SQLITE_LOCKED: .busy
        case SQLITE_FULL: .full
        case SQLITE_CONSTRAINT: .constraint
        case SQLITE_CORRUPT, SQLITE_NOTADB: .corrupt
        case SQLITE_IOERR: .io
        case SQLITE_CANTOPEN, SQLITE_READONLY, SQLITE_PERM: .cannotOpen
        case SQLITE_MISMATCH: .mismatch
        case SQLITE_MISUSE, SQLITE_RANGE, SQLITE_ERROR: .misuse
        default: .other
        }
    }

    // The header spells these as macros with casts and shifts, which Swift does not import (rescode.html).
    private static let constraintUnique = SQLITE_CONSTRAINT | (8 << 8)
    private static let constraintPrimaryKey = SQLITE_CONSTRAINT | (6 << 8)
    private static let syncFailed = SQLITE_IOERR | (4 << 8)
    private static let directorySyncFailed = SQLITE_IOERR | (5 << 8)
}
