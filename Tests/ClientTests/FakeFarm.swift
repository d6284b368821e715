import FactoryClient
import FactoryProtocol
import IO

/// A server on a real Unix socket that plays one script a connection.
struct FakeFarm: Sendable {
    /// What a script may do with its connection.
    final class Peer: Sendable {
        let socket: Socket
        private let decoder = Locked(FrameDecoder(limit: FrameLimits.afterWelcome))

        init(_ socket: Socket) { self.socket = socket }

        func receive() async throws -> Incoming {
            var bytes: [UInt8] = []
            while true {
                let payload = try decoder.withLock { try $0.next(after: bytes) }
                if let payload { return try Incoming(payload: payload) }
                bytes = try await socket.read(upTo: 4096, until: .in(.seconds(20)))
                guard !bytes.isEmpty else { throw IOError(.peerGone, "the client left") }
            }
        }

        func send(_ message: some Message, id: Int64? = nil) async throws {
            try await socket.write(try message.frame(id: id), until: .in(.seconds(20)))
        }

        func welcome() async throws {
            _ = try await receive()
            try await send(
                Welcome(protocol: 1, server: "fake 1", session: "s", heartbeatSeconds: 10, frameLimit: 1 << 20))
        }

        /// The handshake, then the watch that follows it.
        func watch() async throws -> (id: Int64?, watch: Watch) {
            try await welcome()
            let incoming = try await receive()
            return (incoming.id, try incoming.decode())
        }
    }

    typealias Script = @Sendable (Peer) async throws -> Void

    static let hello = Hello(role: .client, name: "test", software: "test 0")
    let endpoint: Endpoint

    /// Runs `body` against a farm that serves its connections by `scripts`, in order, and then accepts no more.
    static func with<Value: Sendable>(
        _ scripts: [Script], _ body: @Sendable (FakeFarm) async throws -> Value
    ) async throws -> Value {
        let directory = try Directory.temporary("/tmp/ff.")
        let path = directory + "/s"
        let listener = try Listener.unix(path)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for script in scripts {
                    let peer = Peer(try await listener.accept(until: .in(.seconds(20))))
                    // A client that leaves ends its script, not the farm.
                    try? await script(peer)
                    peer.socket.shutdown()
                }
                listener.close()
            }
            let value: Value
            do {
                value = try await body(FakeFarm(endpoint: .unix(path: path)))
            } catch {
                group.cancelAll()
                throw error
            }
            group.cancelAll()
            while let _ = try? await group.next() {}
            try Directory.remove(directory)
            return value
        }
    }
}
