import Dispatch
import IO

/// The one writer of a database, on a serial queue of its own: a commit waits for the disk and must not hold a
/// thread of Swift's pool.
///
/// All closures that wait when the disk is free run in one transaction, each in a savepoint, and are answered after
/// the one commit that holds them (group commit): a hundred callers share one fsync.
///
/// `@unchecked Sendable`: the connection is touched on `queue` alone, all else is locked or constant.
package final class Writer: @unchecked Sendable {
    /// Closures that share one transaction at most: bounds the time until the first of them is answered.
    static let groupLimit = 256

    private let queue = DispatchQueue(label: "sqlite.writer")
    private let connection: Connection
    private let waiting = Locked<[Ticket]>([])
    private let stopped = Locked<SQLiteError?>(nil)

    /// Opens (or makes) the database. Blocks while it recovers a WAL: call it at start.
    ///
    /// - Throws: ``SQLiteError`` as ``Connection/init(_:_:options:)``.
    package init(_ path: String, options: Connection.Options = Connection.Options()) throws {
        connection = try Connection(path, .writer, options: options)
    }

    /// Why nothing can be written any more, or nil. After a failed fsync the kernel may have dropped the dirty page,
    /// so that no later success proves anything: the daemon has to be started anew.
    package var failure: SQLiteError? { stopped.withLock { $0 } }

    /// Returns after the commit that holds the body's writes is on disk.
    ///
    /// The body runs again, in a transaction of its own, when its group was lost through another one's fault (a disk
    /// that was full for the other's big row): it must have no effect but on the database. Not cancelled with its
    /// task: a write that was asked for happens or fails.
    ///
    /// - Throws: what the body throws; ``SQLiteError`` when the commit fails, and then nothing of it is visible.
    package func write<T: Sendable>(
        _ body: @escaping @Sendable (borrowing Connection) throws -> T
    ) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            enqueue(Ticket(body, continuation))
        }
    }

    /// Runs the body alone, outside any transaction: checkpoint, backup, migrations.
    ///
    /// - Throws: what the body throws; `writer-stopped` after a failed sync.
    package func exclusive<T: Sendable>(
        _ body: @escaping @Sendable (borrowing Connection) throws -> T
    ) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            queue.async {
                if let failure = self.failure { return continuation.resume(throwing: failure) }
                let result = Result { try body(self.connection) }
                if case .failure(let error) = result { _ = self.stopIfUnsafe(error) }
                continuation.resume(with: result)
            }
        }
    }

    private func enqueue(_ ticket: Ticket) {
        let isFirst = waiting.withLock { tickets in
            tickets.append(ticket)
            return tickets.count == 1
        }
        if isFirst { queue.async { self.drain() } }
    }

    /// Runs what waits; on `queue`.
    private func drain() {
        let group = waiting.withLock { tickets in
            let group = Array(tickets.prefix(Self.groupLimit))
            tickets.removeFirst(group.count)
            // Whoever comes while the list is not empty does not wake the queue.
            if !tickets.isEmpty { queue.async { self.drain() } }
            return group
        }
        if let failure {
            for ticket in group { ticket.lose(failure) }
            return
        }
        do {
            for settle in try commit(group) { settle() }
        } catch {
            // Asked first, whatever the size of the group: after a failed sync nothing may be written again.
            if stopIfUnsafe(error) || group.count == 1 {
                for ticket in group { ticket.lose(error) }
            } else {
                for ticket in group { runAlone(ticket) }
            }
        }
    }

    private func runAlone(_ ticket: Ticket) {
        if let failure { return ticket.lose(failure) }
        do {
            for settle in try commit([ticket]) { settle() }
        } catch {
            _ = stopIfUnsafe(error)
            ticket.lose(error)
        }
    }

    /// One transaction; what to tell each caller once it is on disk. Throws when all of it is lost.
    private func commit(_ group: [Ticket]) throws -> [@Sendable () -> Void] {
        try connection.transaction(.immediate) { db in
            try group.map { ticket in
                let attempt = ticket.run(db)
                // The failure of one body undoes its savepoint only, unless SQLite rolled the whole group back.
                if let failure = attempt.failure, !db.inTransaction { throw failure }
                return attempt.settle
            }
        }
    }

    private func stopIfUnsafe(_ error: any Error) -> Bool {
        guard let error = error as? SQLiteError, error.isFailedSync else { return false }
        let failure = SQLiteError(
            .writerStopped, "the disk failed to sync \(connection.path): nothing is written until a restart (\(error))")
        stopped.withLock { $0 = failure }
        connection.keepLogOnClose()
        return true
    }
}

/// One caller that waits for a commit.
private struct Ticket: Sendable {
    struct Attempt {
        let settle: @Sendable () -> Void
        let failure: (any Error)?
    }

    let run: @Sendable (borrowing Connection) -> Attempt
    let lose: @Sendable (any Error) -> Void

    init<T: Sendable>(
        _ body: @escaping @Sendable (borrowing Connection) throws -> T,
        _ continuation: CheckedContinuation<T, any Error>
    ) {
        run = { db in
            do {
                // Inside the group's transaction this is a savepoint.
                let value = try db.transaction { db in try body(db) }
                return Attempt(settle: { continuation.resume(returning: value) }, failure: nil)
            } catch {
                return Attempt(settle: { continuation.resume(throwing: error) }, failure: error)
            }
        }
        lose = { continuation.resume(throwing: $0) }
    }
}
