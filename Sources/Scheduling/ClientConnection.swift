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
    private let activity: Locked<ClientActivity>

    init(farm: Farm, connection: FrameConnection, peer: Peer) {
        (self.farm, self.connection, self.peer) = (farm, connection, peer)
        activity = Locked(ClientActivity(now: .now))
    }

    /// Talks until the connection ends.
    ///
    /// - Throws: ``WireError``; it ends this connection only.
    func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            defer { group.cancelAll() }
            group.addTask { await endWhenIdle() }
            while true {
                // How long nothing may come is the other task's matter: it depends on the watches.
                let incoming = try await connection.next(until: .never)
                activity.withLock { $0.asked() }
                defer { activity.withLock { $0.answered(now: .now) } }
                if incoming.type == Watch.type {
                    if let watch = try await begin(incoming) { group.addTask { try await watch.run() } }
                } else {
                    try await answer(incoming)
                }
            }
        }
    }

    /// Ends the connection once nothing was asked for long and nothing is watched.
    private func endWhenIdle() async {
        while true {
            let left = activity.withLock { $0.left(of: farm.settings.idle, now: .now) }
            guard left > .zero else { break }
            do throws(IOError) {
                try await Poller.shared.sleep(until: .in(left))
            } catch {
                return  // cancelled: the connection has ended
            }
        }
        let error = WireError(.tooSlow, "nothing was asked for \(farm.settings.idle)")
        await connection.close(saying: error, beforeWelcome: false)
    }

    /// A watch that may run, or nil after its refusal was sent.
    private func begin(_ incoming: Incoming) async throws -> WatchStream? {
        do {
            guard peer.rights.contains(.read) else { throw FarmError.notAllowed("\(peer.name) may not watch builds") }
            let message: Watch = try incoming.decode()
            let build = try await farm.store.resolve(message.build)
            let log = try await farm.log(of: build)
            guard activity.withLock({ $0.beginWatch(most: farm.settings.watches) }) else {
                throw FarmError("too-many-watches", "a connection has at most \(farm.settings.watches) watches at once")
            }
            return WatchStream(
                request: message, id: incoming.id, log: log, farm: farm, connection: connection,
                ended: { [activity] in activity.withLock { $0.endWatch(now: .now) } })
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
        try await connection.reply(reply, id: incoming.id)
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
            return try await builds(message, states)
        case ShowBuild.type:
            try require(.read, "see builds")
            let message: ShowBuild = try incoming.decode()
            let build = try await farm.store.resolve(message.build)
            let log = try await farm.log(of: build)
            return try await farm.store.details(of: build, lastSeq: log.lastSeq).fitting()
        case ResolveBuild.type:
            try require(.read, "see builds")
            let message: ResolveBuild = try incoming.decode()
            return ResolvedBuild(build: try await farm.store.resolve(message.build))
        case ListArtifacts.type:
            try require(.read, "see artifacts")
            let message: ListArtifacts = try incoming.decode()
            return try ArtifactPages(try await farm.store.artifacts(of: message.build)).page(after: message.after)
        case Explain.type:
            try require(.read, "see jobs")
            let message: Explain = try incoming.decode()
            return try await farm.explain(message.job)
        case ListWorkers.type:
            try require(.read, "see workers")
            return try workers(try incoming.decode())
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

    private func builds(_ message: ListBuilds, _ states: [BuildState]) async throws -> Builds {
        let limit = min(max(message.limit, 1), 1000)
        // One more than asked for tells whether there are more.
        let found = try await farm.store.builds(limit: limit + 1, states: states, before: message.before)
        let page = try Page(of: Array(found.prefix(limit)))
        let isLast = page.isAll && found.count <= limit
        return Builds(builds: page.items, next: isLast ? nil : page.items.last?.build)
    }

    private func workers(_ message: ListWorkers) throws -> WorkerList {
        let all = farm.registry.summaries().filter { worker in message.after.map { worker.name > $0 } ?? true }
        let page = try Page(of: all)
        return WorkerList(workers: page.items, next: page.isAll ? nil : page.items.last?.name)
    }

    private func submit(_ message: Submit) async throws -> Submitted {
        try require(.submit, "submit builds")
        // The name is a part of the idempotency key: under another one the same key would be a second build.
        guard peer.isNamed else {
            throw FarmError(
                "user-unknown",
                "the user database of the farm's host did not say in time who \(peer.name) is; submit again")
        }
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
        farm.publisher.wake(receipt.build)
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
        farm.publisher.wake(build)
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
        farm.publisher.wake(build)
        farm.wake()
        return Retried(jobs: jobs)
    }

    private func drain(_ worker: WorkerName, _ draining: Bool) async throws -> Done {
        try require(.administer, "drain workers")
        try await farm.setDraining(worker, draining)
        if draining { _ = await farm.registry.link(of: worker)?.tell(Drain()) } else { farm.wake() }
        return Done()
    }
}
