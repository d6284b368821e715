import FactoryProtocol
import FactoryWire

/// The sending half of a worker's connection, for those that have something to tell it.
///
/// A class because which connection is the current one is a matter of identity.
final class WorkerLink: Sendable {
    private let connection: FrameConnection
    /// Whether the worker is on this host: it may then be handed files by their paths.
    let isLocal: Bool

    init(_ connection: FrameConnection, isLocal: Bool) {
        self.connection = connection
        self.isLocal = isLocal
    }

    /// Sends a message; false when the connection has ended. The worker comes back and resumes then.
    func tell(_ message: some Message) async -> Bool {
        do throws(WireError) {
            try await connection.send(message)
            return true
        } catch {
            return false
        }
    }

    /// Sends a message that may be too large, which no other connection would change.
    ///
    /// - Returns: False when the connection has ended.
    /// - Throws: The violation of the frame's limit; nothing was sent, and the connection lives.
    func give(_ message: some Message) async throws(WireError) -> Bool {
        do throws(WireError) {
            try await connection.send(message)
            return true
        } catch {
            if case .violation = error.kind { throw error }
            return false
        }
    }

    /// Ends the connection.
    func close() { connection.close() }
}
