package import FactoryProtocol
import FactoryWire
package import IO
import Synchronization

/// A connection to factoryd after the handshake, for clients and workers alike.
///
/// One task receives; any number may send: frames leave whole and in turn.
package final class FarmSession: Sendable {
    /// What the server said of itself.
    package let welcome: Welcome
    private let connection: FrameConnection
    // The handshake's `hello` has 1.
    private let lastID = Atomic<Int64>(1)
    /// What nobody asked for and came while `request` waited for its answer.
    private let early = Locked<[Incoming]>([])
    /// How many of those are kept: more than a server has to say between a question and its answer.
    private static let mostEarly = 256

    private init(connection: FrameConnection, welcome: Welcome) {
        self.connection = connection
        self.welcome = welcome
    }

    deinit { connection.close() }

    /// Connects and says who we are.
    ///
    /// - Throws: `cannot-connect`, `not-permitted`, `refused` with the server's word, `timed-out`, `connection-lost`,
    ///   `bad-reply`.
    package static func open(
        _ endpoint: Endpoint, hello: Hello, until deadline: Deadline
    ) async throws(ClientError) -> FarmSession {
        let socket: Socket
        do throws(IOError) {
            socket = try await endpoint.connect(until: deadline)
        } catch {
            guard error.code == .notPermitted, case .unix(let path) = endpoint else {
                throw ClientError(connecting: endpoint, error)
            }
            throw ClientError(connecting: endpoint, error, await OwnThread.run("rights") { SocketRights(of: path) })
        }
        let connection = FrameConnection(socket)
        do {
            let welcome = try await connection.greet(hello, within: deadline.remaining ?? .seconds(10))
            return FarmSession(connection: connection, welcome: welcome)
        } catch let error as RefusedByServer {
            throw ClientError(.refused, "factoryd refuses: \(error.message)", reason: error.code)
        } catch let error as WireError {
            throw ClientError(error)
        } catch let error as ProtocolError {
            throw ClientError(error)
        } catch {
            throw ClientError(.badReply, "the handshake failed: \(error)")
        }
    }

    /// Sends a message; returns when the kernel has it.
    ///
    /// - Throws: `connection-lost`, `timed-out`; after either the session is over, for a frame may have gone out half.
    package func send(_ message: some Message, id: Int64? = nil) async throws(ClientError) {
        do throws(WireError) {
            try await connection.send(message, id: id)
        } catch {
            throw ClientError(error)
        }
    }

    /// Waits for the next message. Nothing is lost when the wait ends by its deadline or by cancellation.
    ///
    /// - Throws: `timed-out`, `connection-lost`, `refused` with the server's word, `bad-reply`, `cancelled`.
    package func receive(until deadline: Deadline) async throws(ClientError) -> Incoming {
        let kept = early.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        if let kept { return kept }
        return try await next(until: deadline)
    }

    private func next(until deadline: Deadline) async throws(ClientError) -> Incoming {
        let incoming: Incoming
        do throws(WireError) {
            incoming = try await connection.next(until: deadline)
        } catch {
            throw ClientError(error)
        }
        guard incoming.type != Refused.type else {
            let refused = try Self.decode(incoming, as: Refused.self)
            throw ClientError(.refused, "factoryd refuses: \(refused.message)", reason: refused.code)
        }
        return incoming
    }

    /// Asks for one thing and waits for the answer; for a session that nobody else receives from. What the server says
    /// meanwhile without being asked is kept for `receive`.
    ///
    /// - Throws: `bad-reply` when that is too much; `rejected` with the server's word and problems, and what `send` and `receive` throw.
    package func request<Reply: Message>(
        _ message: some Message, for reply: Reply.Type = Reply.self, until deadline: Deadline = .in(.seconds(30))
    ) async throws(ClientError) -> Reply {
        let id = nextID()
        try await send(message, id: id)
        while true {
            let incoming = try await next(until: deadline)
            if incoming.id == id { return try Self.answer(incoming) }
            // Another id answers a request that was given up, and a heartbeat has done its work by coming.
            guard incoming.id == nil, incoming.type != Heartbeat.type else { continue }
            let isTooMuch = early.withLock { early in
                early.append(incoming)
                return early.count > Self.mostEarly
            }
            if isTooMuch {
                throw ClientError(.badReply, "factoryd said \(Self.mostEarly) other things and did not answer")
            }
        }
    }

    /// A number that no request of this session has had.
    package func nextID() -> Int64 { lastID.add(1, ordering: .relaxed).newValue }

    /// Decodes the answer to a request; an `error` is thrown as `rejected`.
    package static func answer<Reply: Message>(
        _ incoming: Incoming, as reply: Reply.Type = Reply.self
    ) throws(ClientError) -> Reply {
        if incoming.type == ErrorReply.type {
            let error = try decode(incoming, as: ErrorReply.self)
            throw ClientError(.rejected, error.message, reason: error.code, problems: error.problems)
        }
        return try decode(incoming, as: Reply.self)
    }

    /// Ends the session; whoever waits is told `connection-lost`.
    package func close() { connection.close() }

    private static func decode<Body: Message>(_ incoming: Incoming, as: Body.Type) throws(ClientError) -> Body {
        do throws(ProtocolError) {
            return try incoming.decode(Body.self)
        } catch {
            throw ClientError(error)
        }
    }
}
