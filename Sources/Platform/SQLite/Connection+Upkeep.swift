import CSQLite
import Glibc

extension Connection {
    /// Moves the WAL into the database and truncates it; false when a reader held it back.
    package borrowing func checkpoint() throws -> Bool {
        let (busy, _, _): (Int, Int, Int) = try one("PRAGMA wal_checkpoint(TRUNCATE)")
        return busy == 0
    }

    /// What `PRAGMA integrity_check` and `foreign_key_check` complain of; empty for a sound database.
    package borrowing func integrityProblems() throws -> [String] {
        let rows: [String] = try all("PRAGMA integrity_check")
        let orphans: [String] = try all("SELECT \"table\" FROM pragma_foreign_key_check")
        return rows.filter { $0 != "ok" } + orphans.map { "a row of \($0) refers to nothing" }
    }

    /// Copies the database while it is written, checks the copy, and puts it at `path` in one rename.
    ///
    /// All pages go in one step: in small steps every write of another connection starts the copy anew.
    /// The caller syncs the directory when the copy must survive a power cut at once.
    ///
    /// - Throws: ``SQLiteError``; nothing is left at `path` then, and an older copy there stays.
    package borrowing func backup(to path: String) throws {
        let partial = path + ".partial"
        // A copy that was interrupted is of no use, and the backup would refuse to write over it.
        unlink(partial)
        do {
            try copy(to: partial)
            let problems = try Connection(partial, .reader).integrityProblems()
            guard problems.isEmpty else {
                throw SQLiteError(.corrupt, "the copy \(partial) is damaged: \(problems.prefix(3))")
            }
            guard rename(partial, path) == 0 else {
                throw SQLiteError(.io, "\(partial) cannot be renamed to \(path): \(String(cString: strerror(errno)))")
            }
        } catch {
            unlink(partial)
            throw error
        }
    }

    private borrowing func copy(to path: String) throws(SQLiteError) {
        var target: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
        let rc = sqlite3_open_v2(path, &target, flags, nil)
        defer { sqlite3_close_v2(target) }
        guard rc == SQLITE_OK, let backup = sqlite3_backup_init(target, "main", database, "main") else {
            throw Self.backupFailure(rc, target, path)
        }
        var step = SQLITE_OK
        while step == SQLITE_OK || step == SQLITE_BUSY || step == SQLITE_LOCKED {
            step = sqlite3_backup_step(backup, -1)
            if step == SQLITE_BUSY || step == SQLITE_LOCKED { sqlite3_sleep(10) }
        }
        let end = sqlite3_backup_finish(backup)
        guard step == SQLITE_DONE, end == SQLITE_OK else { throw Self.backupFailure(step, target, path) }
        // The copy is one file that any program can read: no WAL beside it.
        let mode = sqlite3_exec(target, "PRAGMA journal_mode = DELETE", nil, nil, nil)
        guard mode == SQLITE_OK else { throw Self.backupFailure(mode, target, path) }
    }

    private static func backupFailure(_ rc: Int32, _ target: OpaquePointer?, _ path: String) -> SQLiteError {
        let reason = target.map { String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
        let code = rc == SQLITE_OK ? target.map { sqlite3_extended_errcode($0) } ?? SQLITE_NOMEM : rc
        return SQLiteError(extended: code, message: "the copy \(path) cannot be written: \(reason)", sql: nil)
    }
}
