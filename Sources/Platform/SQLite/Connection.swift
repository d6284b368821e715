import CSQLite

/// One open database. Neither Sendable nor copyable: whoever owns it is its only user, so that SQLite itself needs
/// no lock (`SQLITE_OPEN_NOMUTEX`).
///
///     let (id, state): (Int64, String) = try db.one("SELECT id, state FROM jobs WHERE id = ?", id)
package struct Connection: ~Copyable {
    /// What a connection may do.
    package enum Mode: Sendable, Equatable {
        /// Reads and writes; makes the file; WAL with `synchronous=FULL`. One a database.
        case writer
        /// Reads only; beside the writer, as many as wanted.
        case reader
    }

    /// The choices of a connection that differ between users of this module.
    package struct Options: Sendable {
        /// How long a lock of another process is waited for, in milliseconds (the `sqlite3` shell, a backup tool).
        package var busyMilliseconds: Int32 = 5000
        /// Written into a new file's header and wanted in an old one: a file of another program is refused.
        package var applicationID: Int32 = 0
        /// Prepared statements kept.
        package var statementLimit = 128

        /// The defaults.
        package init() {}
    }

    let database: OpaquePointer
    let cache: StatementCache
    /// The file, as it was named.
    package let path: String

    /// Opens `path`; a writer makes the file when it is not there (mode by umask).
    ///
    /// What durability rests on is read back: a file system that cannot do WAL is refused here, not at the first
    /// power cut.
    ///
    /// - Throws: ``SQLiteError``: cannot open, corrupt, foreign, busy.
    package init(_ path: String, _ mode: Mode, options: Options = Options()) throws {
        // Whole or not at all: a noncopyable value with a deinit cannot be left half set where an initialiser throws.
        let new = Connection(
            database: try Self.open(path, mode), path: path, statementLimit: options.statementLimit)
        try new.configure(mode, options)
        self = new
    }

    private init(database: OpaquePointer, path: String, statementLimit: Int) {
        (self.database, self.path, self.cache) = (database, path, StatementCache(limit: statementLimit))
    }

    deinit {
        cache.removeAll()
        sqlite3_close_v2(database)
    }

    /// True between BEGIN and COMMIT; false again when SQLite itself rolled back (disk full, I/O error).
    package var inTransaction: Bool { sqlite3_get_autocommit(database) == 0 }
    /// Rows that the last statement inserted, changed or deleted.
    package var changes: Int { Int(sqlite3_changes64(database)) }
    /// Statements kept for reuse.
    package var cachedStatements: Int { cache.count }

    private static func open(_ path: String, _ mode: Mode) throws(SQLiteError) -> OpaquePointer {
        var handle: OpaquePointer?
        let access = mode == .writer ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY
        let rc = sqlite3_open_v2(path, &handle, access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nil)
        if rc == SQLITE_OK, let handle { return handle }
        let reason = handle.map { String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
        sqlite3_close_v2(handle)
        throw SQLiteError(extended: rc, message: "\(path) cannot be opened: \(reason)", sql: nil)
    }

    private borrowing func configure(_ mode: Mode, _ options: Options) throws {
        sqlite3_busy_timeout(database, options.busyMilliseconds)
        let settings: [(option: Int32, on: Int32)] = [
            (SQLITE_DBCONFIG_DEFENSIVE, 1), (SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0), (SQLITE_DBCONFIG_DQS_DML, 0),
            (SQLITE_DBCONFIG_DQS_DDL, 0), (SQLITE_DBCONFIG_ENABLE_FKEY, 1),
        ]
        for setting in settings { try check(csqlite_set_option(database, setting.option, setting.on), nil) }
        try checkOwner(mode, options.applicationID)
        guard mode == .writer else { return }
        let journal: String = try one("PRAGMA journal_mode = WAL")
        guard journal == "wal" else {
            throw SQLiteError(.cannotOpen, "\(path) is on a file system without WAL: journal mode is '\(journal)'")
        }
        // A committed transaction survives a power cut only with FULL; in WAL mode NORMAL may lose the newest ones.
        try script("PRAGMA synchronous = FULL")
        let synchronous: Int = try one("PRAGMA synchronous")
        guard synchronous == 2 else {
            throw SQLiteError(.cannotOpen, "\(path): synchronous is \(synchronous), not 2 (FULL)")
        }
        try script(
            """
            PRAGMA wal_autocheckpoint = 4000;
            PRAGMA journal_size_limit = 67108864;
            PRAGMA secure_delete = OFF;
            PRAGMA cell_size_check = ON;
            """)
    }

    /// Leaves the write-ahead log as it is when the connection is closed: the next one that opens the database reads it
    /// anew from the disk.
    borrowing func keepLogOnClose() {
        // Only an optional step less: when it is refused, closing does the checkpoint that it always does.
        _ = csqlite_set_option(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
    }

    /// Refuses another program's database before anything is written into it.
    private borrowing func checkOwner(_ mode: Mode, _ wanted: Int32) throws {
        guard wanted != 0 else { return }
        let found: Int = try one("PRAGMA application_id")
        if found == Int(wanted) { return }
        let tables: Int = try one("SELECT count(*) FROM sqlite_schema")
        guard found == 0, tables == 0, mode == .writer else {
            throw SQLiteError(
                .foreign, "\(path) is another program's database: its application id is \(found), not \(wanted)")
        }
        try script("PRAGMA application_id = \(wanted)")
    }

    /// Throws what SQLite has to say when a result code is no success.
    borrowing func check(_ rc: Int32, _ sql: String?) throws(SQLiteError) {
        guard rc != SQLITE_OK, rc != SQLITE_ROW, rc != SQLITE_DONE else { return }
        throw SQLiteError(extended: rc, message: String(cString: sqlite3_errmsg(database)), sql: sql)
    }
}
