package import IO

/// A strict HTTP/1.1 server: one task a connection, one request at a time in it, memory only for what is being moved.
package final class HTTPServer: Sendable {
    /// Answers a request. What it throws becomes a status: `HTTPError.refused` its own, anything else 500.
    package typealias Handler = @Sendable (HTTPRequest) async throws -> HTTPResponse

    /// Connections over the limit that are told so; more are closed without a word.
    private static let refusalsAtOnce = 64

    private struct State {
        var connections = 0
        var idle: [UInt64: Socket] = [:]
        var nextID: UInt64 = 0
        var grace = Duration.zero
        var listeners: [Listener] = []
    }

    let limits: Limits
    let handler: Handler
    let shutdownLatch: Latch
    private let onError: @Sendable (any Error) -> Void
    private let state = Locked(State())

    /// A server that does not listen yet. `onError` gets what no peer can be told: handlers that fail, listeners too.
    ///
    /// - Throws: `IOError.noDescriptors`.
    package init(
        limits: Limits = Limits(), onError: @escaping @Sendable (any Error) -> Void = { _ in },
        handler: @escaping Handler
    ) throws(IOError) {
        self.limits = limits
        self.onError = onError
        self.handler = handler
        shutdownLatch = try Latch()
    }

    /// Whether `shutdown` was called.
    package var isShuttingDown: Bool { shutdownLatch.isOpen }

    /// Serves until `shutdown` was called and its grace is over or all connections have ended, or the task is cancelled.
    package func run(_ listeners: [Listener]) async {
        state.withLock { $0.listeners = listeners }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.acceptAll(listeners) }
            group.addTask { await self.endGracefully() }
            // Whichever comes first: all connections over, or the grace.
            await group.next()
            group.cancelAll()
        }
    }

    /// Begins to end: no new connections, idle ones are closed, each running request may finish and is the last of its
    /// connection; after `grace` the rest is cancelled and `run` returns. Streams are told through `HTTPRequest.shutdown`.
    package func shutdown(grace: Duration) {
        state.withLock { $0.grace = grace }
        shutdownLatch.open()
    }

    func report(_ error: any Error) {
        onError(error)
    }

    /// Runs `wait`, which waits for a request; a shutdown ends it by ending the connection.
    func whileIdle<Success, Failure: Error>(
        _ socket: Socket, _ wait: () async throws(Failure) -> Success
    ) async throws(Failure) -> Success {
        let id = state.withLock { state in
            state.nextID += 1
            state.idle[state.nextID] = socket
            return state.nextID
        }
        defer { state.withLock { _ = $0.idle.removeValue(forKey: id) } }
        // Asked after the entry is made: a shutdown either finds the entry or is seen here.
        if isShuttingDown { socket.shutdown() }
        return try await wait()
    }

    private func endGracefully() async {
        do throws(IOError) {
            try await shutdownLatch.wait(until: .never)
            let (listeners, idle, grace) = state.withLock { ($0.listeners, $0.idle, $0.grace) }
            for listener in listeners { listener.close() }
            for socket in idle.values { socket.shutdown() }
            try await Poller.shared.sleep(until: .in(grace))
        } catch {
            // Cancelled: the group ends anyway.
        }
    }

    private func acceptAll(_ listeners: [Listener]) async {
        await withTaskGroup(of: Void.self) { group in
            for listener in listeners { group.addTask { await self.accept(listener) } }
        }
    }

    private func accept(_ listener: Listener) async {
        await withDiscardingTaskGroup { group in
            while true {
                do throws(IOError) {
                    let socket = try await listener.accept(until: .never)
                    let count = state.withLock { state in
                        state.connections += 1
                        return state.connections
                    }
                    // Even a refusal takes a descriptor for a while, and those of the whole daemon are counted.
                    guard count <= limits.connections + Self.refusalsAtOnce else {
                        state.withLock { $0.connections -= 1 }
                        socket.shutdown()
                        continue
                    }
                    group.addTask { await self.serve(socket, count <= self.limits.connections) }
                } catch {
                    if error.code != .closed, error.code != .cancelled { report(error) }
                    return
                }
            }
        }
    }

    private func serve(_ socket: Socket, _ isWelcome: Bool) async {
        defer { state.withLock { $0.connections -= 1 } }
        do {
            let connection = HTTPConnection(socket, self)
            if isWelcome {
                try await connection.serve()
            } else {
                try await connection.refuse(
                    HTTPError(.unavailable, "more than \(limits.connections) connections; try again later"))
            }
        } catch let error as HTTPError where [.peerGone, .timedOut, .cancelled].contains(error.code) {
            // The end of one connection, and nobody is left to tell.
        } catch let error as IOError where [.peerGone, .timedOut, .cancelled, .closed].contains(error.code) {
            // The same, while the answer was being written.
        } catch is CancellationError {
            // A stream that the shutdown or the peer ended.
        } catch {
            report(error)
        }
    }
}
