package import FactoryProtocol
import IO

/// Follows a build's events through lost connections and restarts of the farm: every event once, in order.
package struct BuildWatcher: Sendable {
    /// What a watcher tells.
    package enum News: Sendable, Equatable {
        /// The next event.
        case event(Event)
        /// The connection is lost; it is tried again.
        case lost(reason: String)
        /// The connection is there again, and nothing was missed.
        case resumed
    }

    /// How following ended.
    package enum End: Sendable, Equatable {
        /// The build has ended.
        case verdict(Verdict)
        /// Everything there is now has come, and no more was asked for.
        case caughtUp
    }

    /// Where the farm is.
    package let endpoint: Endpoint
    /// Who we are.
    package let hello: Hello
    /// Which build.
    package let build: BuildID
    /// Whether log lines are wanted.
    package let logs: Bool
    /// Whether to wait for what is still to come.
    package let follow: Bool
    /// How long to try after a loss before giving up.
    package let patience: Duration

    /// How long the server may be silent before it is asked whether it lives.
    private static let silence = Duration.seconds(60)
    /// How long it may take to say so.
    private static let proof = Duration.seconds(15)

    package init(
        endpoint: Endpoint, hello: Hello, build: BuildID, logs: Bool = true, follow: Bool = true,
        patience: Duration = .seconds(300)
    ) {
        self.endpoint = endpoint
        self.hello = hello
        self.build = build
        self.logs = logs
        self.follow = follow
        self.patience = patience
    }

    /// Follows the build until its end.
    ///
    /// `deliver` is called with one piece of news after the other; while it works nothing is read, so a slow one slows
    /// the server's stream to it and nothing else.
    ///
    /// - Throws: ``ClientError``: the first connection's failure as it is; `connection-lost` when a later one could not
    ///   be mended within the patience; `bad-reply` for events that are left out again and again; `rejected` for a
    ///   build that does not exist; `cancelled`. What `deliver` throws is passed on.
    package func run(
        from first: Int64 = 1, _ deliver: (News) async throws -> Void
    ) async throws -> End {
        var place = WatchResumption(from: first, isComplete: logs, patience: patience)
        var hasConnected = false
        while true {
            do {
                let session = try await FarmSession.open(endpoint, hello: hello, until: .in(.seconds(10)))
                defer { session.close() }
                hasConnected = true
                if let end = try await follow(session, &place, deliver) { return end }
            } catch let error as ClientError where error.isLoss && hasConnected {
                try await mend(error, &place, deliver)
            }
        }
    }

    /// Reads one connection to its end; nil when another one is needed at once.
    private func follow(
        _ session: FarmSession, _ place: inout WatchResumption, _ deliver: (News) async throws -> Void
    ) async throws -> End? {
        let id = session.nextID()
        try await session.send(Watch(build: build, from: place.next, logs: logs, follow: follow), id: id)
        var isProving = false
        while true {
            let incoming: Incoming
            do throws(ClientError) {
                incoming = try await session.receive(until: .in(isProving ? Self.proof : Self.silence))
            } catch {
                guard error.code == .timedOut, !isProving else { throw error }
                // A build may be silent for long, a farm may not: any answer will do.
                try await session.send(AskStatus(), id: session.nextID())
                isProving = true
                continue
            }
            isProving = false
            guard incoming.id == id else { continue }
            if place.connected() { try await deliver(.resumed) }
            switch incoming.type {
            case EventMessage.type:
                let event = try FarmSession.answer(incoming, as: EventMessage.self).event
                switch place.received(event.seq) {
                case .deliver: try await deliver(.event(event))
                case .repeated: continue
                case .gap:
                    throw ClientError(
                        .connectionLost, "event \(event.seq) came where \(place.next) was to come")
                case .missing:
                    throw ClientError(
                        .badReply, "factoryd leaves out event \(place.next) of the build, also when asked again")
                }
            case WatchEnd.type: return .verdict(try FarmSession.answer(incoming, as: WatchEnd.self).verdict)
            // To who waits for more this is no end: the build was tried again at that moment.
            case CaughtUp.type: return follow ? nil : .caughtUp
            case Lagged.type: return nil
            case ErrorReply.type: _ = try FarmSession.answer(incoming, as: WatchEnd.self)
            default:
                throw ClientError(.badReply, "factoryd answers '\(incoming.type)' to a watch")
            }
        }
    }

    private func mend(
        _ error: ClientError, _ place: inout WatchResumption, _ deliver: (News) async throws -> Void
    ) async throws {
        if !place.isLost { try await deliver(.lost(reason: error.message)) }
        switch place.connectionLost(at: .now, chance: Double.random(in: 0...1)) {
        case .giveUp: throw ClientError(.connectionLost, error.message)
        case .reconnect(let wait):
            do throws(IOError) {
                try await Poller.shared.sleep(until: .in(wait))
            } catch {
                throw ClientError(talking: error)
            }
        }
    }
}
