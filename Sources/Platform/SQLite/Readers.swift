import Dispatch
import Synchronization

/// A few read-only connections, each on a serial queue of its own, taken in turn.
///
/// Keep bodies short: while one reads, the WAL cannot be reset and grows.
package final class Readers: Sendable {
    /// `@unchecked Sendable`: the connection is touched on `queue` alone.
    private final class Lane: @unchecked Sendable {
        let queue = DispatchQueue(label: "sqlite.reader")
        let connection: Connection

        init(_ path: String, _ options: Connection.Options) throws {
            connection = try Connection(path, .reader, options: options)
        }
    }

    private let lanes: [Lane]
    private let turn = Atomic(0)

    /// Opens `count` connections to a database that its ``Writer`` has made.
    package init(_ path: String, count: Int = 4, options: Connection.Options = Connection.Options()) throws {
        precondition(count > 0, "a pool of readers needs at least one")
        lanes = try (0..<count).map { _ in try Lane(path, options) }
    }

    /// Runs the body on one snapshot of the database.
    package func read<T: Sendable>(
        _ body: @escaping @Sendable (borrowing Connection) throws -> T
    ) async throws -> T {
        try await onLane { db in try db.transaction(.deferred) { db in try body(db) } }
    }

    /// Writes a checked copy of the database to `path` while it is in use: see ``Connection/backup(to:)``.
    package func backup(to path: String) async throws {
        try await onLane { db in try db.backup(to: path) }
    }

    private func onLane<T: Sendable>(
        _ body: @escaping @Sendable (borrowing Connection) throws -> T
    ) async throws -> T {
        let lane = lanes[Int(turn.wrappingAdd(1, ordering: .relaxed).oldValue.magnitude % UInt(lanes.count))]
        return try await withCheckedThrowingContinuation { continuation in
            lane.queue.async { continuation.resume(with: Result { try body(lane.connection) }) }
        }
    }
}
