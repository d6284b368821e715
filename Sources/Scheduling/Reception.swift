import FactoryProtocol
import FactoryQueue
import FactoryWire
package import IO
import Synchronization

/// Takes connections from a listener, finds out who each is, and hands it to the part that talks with it.
package final class Reception: Sendable {
    private struct Count {
        var all = 0
        var byUser: [UInt32: Int] = [:]
    }

    private let farm: Farm
    private let policy: PeerPolicy
    private let sessions = Atomic<UInt64>(0)
    private let count = Locked(Count())
    private let names: UserNames

    /// A reception for a farm; who may do what is the policy's.
    package convenience init(farm: Farm, policy: PeerPolicy) {
        self.init(farm: farm, policy: policy, names: UserNames())
    }

    init(farm: Farm, policy: PeerPolicy, names: UserNames) {
        (self.farm, self.policy, self.names) = (farm, policy, names)
    }

    /// Accepts until it is cancelled or the listener is closed; returns when every connection has ended.
    package func run(_ listener: Listener) async {
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                do throws(IOError) {
                    let socket = try await listener.accept(until: .never)
                    let isUnix = listener.address.path != nil
                    group.addTask { await self.receive(socket, isUnix: isUnix) }
                } catch {
                    guard error.code != .cancelled, error.code != .closed else { break }
                    farm.log.error("A connection could not be accepted.", ["why": error.message])
                }
            }
            group.cancelAll()
        }
    }

    /// One connection from its first byte to its end. Its errors end it, and nothing else.
    private func receive(_ socket: Socket, isUnix: Bool) async {
        let connection = FrameConnection(
            socket, sendTime: farm.settings.send, frameTime: farm.settings.frame)
        defer { connection.close() }
        let deadline = Deadline.in(farm.settings.handshake)
        var isWelcome = false
        var name: String?
        do {
            let known = isUnix ? try Peer.credentials(of: socket, policy) : nil
            guard enter(known?.user) else {
                return await refuse(
                    connection, FarmError("too-many-connections", "too many connections; try again later"), id: nil)
            }
            defer { leave(known?.user) }
            // Only now, so that no more of them wait for a slow user database than there may be connections.
            let peer: Peer
            if let known {
                let name = await names.name(of: known.user)
                peer = Peer(
                    user: known.user, name: name ?? UserNames.number(known.user), isNamed: name != nil,
                    rights: known.rights)
            } else {
                peer = Peer(user: nil, name: "tcp", isNamed: true, rights: policy.tcp)
            }
            let first = try await connection.awaitHello(firstFrame: farm.settings.firstFrame)
            name = "\(first.hello.role.rawValue) \(first.hello.name)"
            if let refusal = refusal(of: first.hello, peer) { return await refuse(connection, refusal, id: first.id) }
            let session = "c\(sessions.wrappingAdd(1, ordering: .relaxed).newValue)"
            try await connection.send(
                Welcome(
                    protocol: first.version, server: farm.settings.server, session: session,
                    heartbeatSeconds: seconds(farm.settings.liveness.heartbeat), frameLimit: FrameLimits.afterWelcome),
                id: first.id)
            connection.raiseLimit()
            isWelcome = true
            try await talk(first.hello, peer, connection, isUnix: isUnix, until: deadline)
        } catch let error as WireError {
            await end(connection, error, isWelcome)
        } catch let error as ProtocolError {
            await end(connection, WireError(error), isWelcome)
        } catch is CancellationError {
            // The daemon ends in good order.
        } catch let error as IOError where error.code == .cancelled {
            // The same, while it waited.
        } catch {
            let error = FarmError(error)
            farm.log.warning(
                "A connection ended with an error.",
                ["code": error.code, "why": error.message, "peer": name ?? "unknown"])
            // The peer may be gone; that it is told is a courtesy.
            try? await connection.send(error.reply)
        }
    }

    private func talk(
        _ hello: Hello, _ peer: Peer, _ connection: FrameConnection, isUnix: Bool, until deadline: Deadline
    ) async throws {
        switch hello.role {
        case .client:
            try await ClientConnection(farm: farm, connection: connection, peer: peer).run()
        case .worker:
            try await WorkerConnection(
                farm: farm, connection: connection, name: WorkerName(hello.name), software: hello.software,
                isLocal: isUnix
            ).run(until: deadline)
        }
    }

    /// Why a peer may not be what it wants to be; nil when it may.
    private func refusal(of hello: Hello, _ peer: Peer) -> FarmError? {
        switch hello.role {
        case .client:
            return peer.rights.isDisjoint(with: [.read, .submit, .administer])
                ? .notAllowed("\(peer.name) may not use this farm: it is in no group that may") : nil
        case .worker:
            guard peer.rights.contains(.work) else { return .notAllowed("\(peer.name) may not work for this farm") }
            guard WorkerName(hello.name).isValid else {
                return FarmError(
                    "bad-name", "a worker's name has 1 to 64 letters, digits, '-', '_' and '.', and no '.' in front")
            }
            return nil
        }
    }

    private func refuse(_ connection: FrameConnection, _ error: FarmError, id: Int64?) async {
        // The peer may be gone; that it is told is a courtesy.
        try? await connection.send(Refused(code: error.code, message: error.message), id: id)
    }

    private func end(_ connection: FrameConnection, _ error: WireError, _ isWelcome: Bool) async {
        if case .violation = error.kind {
            farm.log.warning("A peer broke the protocol.", ["why": error.message])
        }
        await connection.close(saying: error, beforeWelcome: !isWelcome)
    }

    private func enter(_ user: UInt32?) -> Bool {
        count.withLock { count in
            let key = user ?? .max
            let own = count.byUser[key] ?? 0
            guard count.all < farm.settings.connections, own < farm.settings.connectionsOfOneUser else { return false }
            count.all += 1
            count.byUser[key] = own + 1
            return true
        }
    }

    private func leave(_ user: UInt32?) {
        count.withLock { count in
            let key = user ?? .max
            count.all -= 1
            let own = (count.byUser[key] ?? 1) - 1
            count.byUser[key] = own > 0 ? own : nil
        }
    }
}

private func seconds(_ duration: Duration) -> Double {
    let (seconds, attoseconds) = duration.components
    return Double(seconds) + Double(attoseconds) / 1e18
}
