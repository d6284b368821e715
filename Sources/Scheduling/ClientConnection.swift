import FactoryEvents
import FactoryProtocol
import FactoryQueue
import FactorySpec
import FactoryWire
import IO

/// The server's side of one client's connection: requests one after another, watches beside them.
struct ClientConnection: Sendable {
    let farm: Farm
    let connection: FrameConnection
    let peer: Peer
    private let watching = Locked(0)

    init(farm: Farm, connection: FrameConnection, peer: Peer) {
        (self.farm, self.connection, self.peer) = (farm, connection, peer)
    }

    /// Talks until the connection ends.
    ///
    /// - Throws: ``WireError``; it ends this connection only.
    func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            defer { group.cancelAll() }
            while true {
                let patience = watching.withLock { $0 } > 0 ? Deadline.never : .in(farm.settings.idle)
                let incoming = try await connection.next(until: patience)
                if incoming.type == Watch.type {
                    if let watch = try await begin(incoming) { group.addTask { try await watch.run() } }
                } else {
                    try await answer(incoming)
                }
            }
        }
    }

    /// A watch that may run, or nil after its refusal was sent.
    private func begin(_ incoming: Incoming) async throws -> WatchStream? {
        do {
            guard peer.rights.contains(.read) else { throw FarmError.notAllowed("\(peer.name) may not watch builds") }
            let message: Watch = try incoming.decode()
            let build = try await farm.store.resolve(message.build)
            let log = try await farm.log(of: build)
            let isTooMany = watching.withLock { count in
                guard count < farm.settings.watches else { return true }
                count += 1
                return false
            }
            guard !isTooMany else {
                throw FarmError("too-many-watches", "a connection has at most \(farm.settings.watches) watches at once")
            }
            return WatchStream(
                request: message, id: incoming.id, log: log, farm: farm, connection: connection,
                ended: { [watching] in watching.withLock { $0 -= 1 } })
        } catch {
            try await refuse(error, incoming)
            return nil
        }
    }

    private func answer(_ incoming: Incoming) async throws {
        let reply: any Message
        do {
            reply = try await self.reply(to: incoming)
        } catch {
            return try await refuse(error, incoming)
        }
        try await connection.send(reply, id: incoming.id)
    }

    private func refuse(_ error: any Error, _ incoming: Incoming) async throws {
        let error = FarmError(error)
        if error.code == "internal" {
            farm.log.error("A request failed.", ["type": incoming.type, "why": error.message])
        }
        try await connection.send(error.reply, id: incoming.id)
    }

    private func reply(to incoming: Incoming) async throws -> any Message {
        switch incoming.type {
        case Submit.type: return try await submit(try incoming.decode())
        case ListBuilds.type:
            try require(.read, "list builds")
            let message: ListBuilds = try incoming.decode()
            let states = message.states.compactMap(BuildState.init(rawValue:))
            guard states.count == message.states.count else {
                throw FarmError("bad-message", "a build's state is one of \(BuildState.allCases.map(\.rawValue))")
            }
            return Builds(builds: try await farm.store.builds(limit: message.limit, states: states))
        case ShowBuild.type:
            try require(.read, "see builds")
            let message: ShowBuild = try incoming.decode()
            let build = try await farm.store.resolve(message.build)
            let log = try await farm.log(of: build)
            return try await farm.store.details(of: build, lastSeq: log.lastSeq)
        case ListArtifacts.type:
            try require(.read, "see artifacts")
            let message: ListArtifacts = try incoming.decode()
            return ArtifactList(artifacts: try await farm.store.artifacts(of: message.build))
        case Explain.type:
            try require(.read, "see jobs")
            let message: Explain = try incoming.decode()
            return try await farm.explain(message.job)
        case ListWorkers.type:
            try require(.read, "see workers")
            return WorkerList(workers: farm.registry.summaries())
        case AskStatus.type:
            try require(.read, "see the farm")
            return try await farm.status()
        case CancelBuild.type: return try await cancel(try incoming.decode())
        case RetryBuild.type: return try await retry(try incoming.decode())
        case DrainWorker.type:
            let message: DrainWorker = try incoming.decode()
            return try await drain(message.worker, true)
        case UndrainWorker.type:
            let message: UndrainWorker = try incoming.decode()
            return try await drain(message.worker, false)
        default:
            throw FarmError("unknown-type", "no message \"\(incoming.type)\" is taken from a client")
        }
    }

    private func require(_ right: PeerRights, _ what: String) throws(FarmError) {
        guard peer.rights.contains(right) else { throw .notAllowed("\(peer.name) may not \(what)") }
    }

    private func submit(_ message: Submit) async throws -> Submitted {
        try require(.submit, "submit builds")
        let spec = try BuildSpec.read(SpecNode(json: message.spec))
        let plan = Planner.plan(spec)
        let receipt = try await farm.store.submit(
            Submission(
                spec: spec, plan: plan, idempotencyKey: message.idempotencyKey, noCache: message.noCache,
                user: peer.name))
        // A job whose result was there already needs no worker.
        let open = receipt.jobs.filter { !$0.state.isFinal }.map(\.name)
        let hopeless = farm.hopeless(plan, open: open)
        if !receipt.isRepeated {
            for warning in hopeless { try await farm.store.warn(receipt.build, warning) }
            farm.log.info("A build was accepted.", ["build": receipt.build.rawValue, "user": peer.name])
        }
        await farm.publish(receipt.build)
        farm.wake()
        return Submitted(
            build: receipt.build, specDigest: receipt.specDigest, jobs: receipt.jobs, repeated: receipt.isRepeated,
            position: try await farm.ahead(of: receipt.build), warnings: receipt.warnings + hopeless)
    }

    private func cancel(_ message: CancelBuild) async throws -> Cancelling {
        try require(.submit, "cancel builds")
        let build = try await farm.store.resolve(message.build)
        let reason = String(message.reason.prefix(500))
        let order = try await farm.store.cancel(build, job: message.job, reason: reason)
        await farm.publish(build)
        for recipient in order.tell {
            // A worker that is away is told when it resumes.
            _ = await farm.registry.link(of: recipient.worker)?.tell(
                CancelJob(job: recipient.claim.job, fence: recipient.claim.fence, reason: reason))
        }
        return Cancelling(jobs: order.jobs)
    }

    private func retry(_ message: RetryBuild) async throws -> Retried {
        try require(.submit, "retry builds")
        let build = try await farm.store.resolve(message.build)
        let jobs = try await farm.store.retry(build)
        await farm.publish(build)
        farm.wake()
        return Retried(jobs: jobs)
    }

    private func drain(_ worker: WorkerName, _ draining: Bool) async throws -> Done {
        try require(.administer, "drain workers")
        try await farm.store.setDraining(worker, draining)
        farm.registry.setDraining(worker, draining)
        if draining { _ = await farm.registry.link(of: worker)?.tell(Drain()) } else { farm.wake() }
        return Done()
    }
}
