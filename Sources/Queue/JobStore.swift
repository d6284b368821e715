import FactoryMigrations
package import FactoryProtocol
import IO
package import SQLite

/// The durable queue: each method is one transaction in which a job's machine meets its row.
///
/// What it returned is on disk (WAL, `synchronous=FULL`). Whatever a worker says carries its claim; an old claim
/// changes nothing.
package final class JobStore: Sendable {
    /// `FACT`: marks the file as ours (`PRAGMA application_id`).
    private static let applicationID: Int32 = 0x4641_4354

    /// The one writer, for health checks and backups.
    package let writer: Writer
    /// For backups.
    package let readers: Readers
    private let clock: @Sendable () -> Timestamp
    let policy: RetryPolicy
    /// Why the last write was refused; nil when it was not.
    private let refused = Locked<QueueError?>(nil)
    private let isStored: @Sendable (Artifact) -> Bool
    let undecodable = UndecodableRows()

    /// Opens the database, brings its schema up to date.
    ///
    /// Blocks: call it at start.
    ///
    /// - Parameters:
    ///   - path: the file; it is made when it is not there.
    ///   - policy: how long failed jobs wait.
    ///   - clock: the wall clock.
    ///   - isStored: whether an artifact is in the store, with its size; called inside a transaction, so it must be quick.
    /// - Throws: ``QueueError`` with the database's code: newer, changed migration, foreign, corrupt, full.
    package init(
        path: String, policy: RetryPolicy = RetryPolicy(), clock: @escaping @Sendable () -> Timestamp,
        isStored: @escaping @Sendable (Artifact) -> Bool
    ) throws(QueueError) {
        do {
            var options = Connection.Options()
            options.applicationID = Self.applicationID
            let steps = Migration.all.map { SchemaStep(name: $0.name, sql: $0.sql) }
            // Opening for writing empties the write-ahead log into the database. What a newer release wrote stays as it is.
            try Self.check(path, steps, options)
            do {
                // A connection of its own, closed before the writer opens: migrations run outside of group commits.
                let db = try Connection(path, .writer, options: options)
                try db.migrate(steps)
            }
            writer = try Writer(path, options: options)
            readers = try Readers(path, options: options)
        } catch {
            throw QueueError(opening: path, error)
        }
        (self.policy, self.clock, self.isStored) = (policy, clock, isStored)
    }

    /// Copies the database at `path` to a file of its own, also while a daemon writes it: whole or not at all. Blocks.
    ///
    /// - Throws: ``QueueError`` with the database's code; an older copy stays then.
    package static func backup(_ path: String, to copy: String) throws(QueueError) {
        var options = Connection.Options()
        options.applicationID = applicationID
        do {
            try Connection(path, .reader, options: options).backup(to: copy)
        } catch {
            throw QueueError(error)
        }
    }

    private static func check(_ path: String, _ steps: [SchemaStep], _ options: Connection.Options) throws {
        guard let size = try FileIO.status(path)?.size, size > 0 else { return }
        // Whose file it is says the writer; a new one that a crash left half made is made whole by it.
        var reading = options
        reading.applicationID = 0
        try Connection(path, .reader, options: reading).checkSchema(steps)
    }

    /// Now, by the clock that rows are written with.
    package var now: Timestamp { clock() }

    var settlement: Settlement {
        Settlement(now: clock(), policy: policy, isStored: isStored, undecodable: undecodable)
    }

    /// The rows that could not be read, and that were not told of yet.
    package func newUndecodableRows() -> [UndecodableRow] { undecodable.take() }

    func write<T: Sendable>(
        _ body: @escaping @Sendable (borrowing Connection) throws -> T
    ) async throws(QueueError) -> T {
        do {
            let result = try await writer.write(body)
            refused.withLock { $0 = nil }
            return result
        } catch {
            let error = QueueError(error)
            if error.code == .diskFull { refused.withLock { $0 = error } }
            throw error
        }
    }

    func read<T: Sendable>(
        _ body: @escaping @Sendable (borrowing Connection) throws -> T
    ) async throws(QueueError) -> T {
        do { return try await readers.read(body) } catch { throw QueueError(error) }
    }

    /// Why nothing can be written any more, or nil: the disk failed to sync, and the daemon has to be started anew.
    package var failure: QueueError? { writer.failure.map { QueueError($0) } }

    /// Why the queue takes no writes now, or nil: the disk failed, or it was full at the last write. From memory.
    package var refusal: QueueError? { failure ?? refused.withLock { $0 } }

    /// True when a write reaches the disk: what a watchdog asks.
    package func writes() async -> Bool {
        guard writer.failure == nil else { return false }
        do {
            return try await write { db in
                // Takes the write lock and commits; the row is changed to itself so that the log is really written.
                _ = try db.run("UPDATE migrations SET applied_at = applied_at WHERE name = '0001_queue'")
                return true
            }
        } catch {
            // A full disk is a reason to refuse work, not one to be restarted for: reading still serves watchers.
            return error.code == .diskFull
        }
    }
}
