import FactoryEvents
import FactoryProtocol
import FactoryQueue
import FactoryWire
import IO

/// The server's side of one worker's connection: registration, resumption, then what it says, one message after
/// another. It reads only when the last message is dealt with, so a worker cannot flood the farm.
struct WorkerConnection: Sendable {
    let farm: Farm
    let connection: FrameConnection
    let name: WorkerName
    let software: String
    let isLocal: Bool

    /// Talks until the connection ends.
    ///
    /// - Throws: ``WireError``, or what went wrong here; either ends this connection only.
    func run(until handshake: Deadline) async throws {
        let link = WorkerLink(connection, isLocal: isLocal)
        let incoming = try await connection.next(until: handshake)
        let offer = try incoming.decode(Register.self)
        try check(offer)
        let isDraining = try await farm.store.register(name, offer, software: software)
        farm.registry.connected(
            name, offer, software: software, isDraining: isDraining, link: link, at: farm.store.now, now: .now)?
            .close()
        defer {
            farm.registry.disconnected(name, link)
            link.close()
        }
        try await connection.send(Registered(worker: name), id: incoming.id)
        farm.log.info("A worker registered.", ["worker": name.rawValue, "host": offer.host, "software": software])
        // The registration went to the disk, which may have taken its time.
        let resume = try await connection.next(until: .in(farm.settings.handshake))
        try await self.resume(try resume.decode(), id: resume.id, link)
        if isDraining { _ = await link.tell(Drain()) }
        farm.wake()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await beat(link) }
            group.addTask { try await listen(link) }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func check(_ offer: Register) throws {
        guard (1...64).contains(offer.slots), !offer.architectures.isEmpty, offer.capabilities.count <= 500 else {
            throw ProtocolError(
                .badMessage,
                "a worker has 1 to 64 slots, an architecture and at most 500 capabilities; \(name) offers "
                    + "\(offer.slots), \(offer.architectures.count) and \(offer.capabilities.count)")
        }
    }

    /// Says `heartbeat` for as long as the connection lasts.
    private func beat(_ link: WorkerLink) async throws {
        while true {
            try await Poller.shared.sleep(until: .in(farm.settings.liveness.heartbeat))
            guard await link.tell(Heartbeat()) else { return }
        }
    }

    private func listen(_ link: WorkerLink) async throws {
        while true {
            let incoming = try await connection.next(until: .in(farm.settings.liveness.dead))
            if farm.registry.heard(name, link, at: farm.store.now, now: .now) {
                // Its jobs were given away while it was silent: only a new `resume` says which ones it must drop.
                throw FarmError("lost", "worker \(name) was silent for too long; connect again")
            }
            try await handle(incoming)
        }
    }

    private func handle(_ incoming: Incoming) async throws {
        switch incoming.type {
        case Heartbeat.type:
            _ = try incoming.decode(Heartbeat.self)
        case Accepted.type:
            let message: Accepted = try incoming.decode()
            try await accepted(Claim(job: message.job, fence: message.fence), id: incoming.id)
        case Declined.type:
            let message: Declined = try incoming.decode()
            try await declined(Claim(job: message.job, fence: message.fence), message.reason, id: incoming.id)
        case JobEvents.type:
            try await events(try incoming.decode(), id: incoming.id)
        case Finished.type:
            try await finished(try incoming.decode(), id: incoming.id)
        default:
            try await connection.send(
                ErrorReply(code: "unknown-type", message: "no message \"\(incoming.type)\" is taken from a worker"),
                id: incoming.id)
        }
    }

    private func resume(_ message: Resume, id: Int64?, _ link: WorkerLink) async throws {
        let held = message.jobs.map { Claim(job: $0.job, fence: $0.fence) }
        let found = try await farm.store.resume(name, held)
        for claim in found.lost { await missing(claim) }
        var kept: [KeptJob] = []
        for (claim, attempt) in found.keep {
            // The answer `accepted` may have been lost with the old connection.
            _ = try await farm.store.accept(claim)
            await farm.publish(claim.job.build)
            let log = try await farm.logs.log(of: claim.job.build)
            kept.append(
                KeptJob(
                    job: claim.job, fence: claim.fence, ackedThrough: log.through(job: claim.job, attempt: attempt)))
        }
        farm.registry.resumed(name, link, held: found.keep.map(\.claim))
        try await connection.send(Resumed(keep: kept, drop: found.drop), id: id)
        for (claim, reason) in found.cancelled {
            _ = await link.tell(CancelJob(job: claim.job, fence: claim.fence, reason: reason))
        }
    }

    /// The worker came back without a job that it was given.
    private func missing(_ claim: Claim) async {
        do throws(QueueError) {
            let job = try await farm.store.job(claim.job)
            guard job.state == .running else {
                return await farm.giveBack(claim, .declined("it did not reach worker \(name)"))
            }
        } catch {
            farm.log.error("A job could not be read.", ["job": claim.job.rawValue, "why": "\(error)"])
        }
        let failure = Failure(
            cause: .worker, code: "job-lost", message: "worker \(name) came back without the job")
        await farm.giveBack(claim, .lost(failure))
    }

    private func accepted(_ claim: Claim, id: Int64?) async throws {
        guard try await farm.store.attempt(of: claim, by: name) != nil,
            try await farm.store.accept(claim) == .current
        else { return try await superseded(claim, id: id) }
        await farm.publish(claim.job.build)
    }

    private func declined(_ claim: Claim, _ reason: String, id: Int64?) async throws {
        guard try await farm.store.attempt(of: claim, by: name) != nil else {
            return try await superseded(claim, id: id)
        }
        farm.log.warning(
            "A worker declined a job.", ["worker": name.rawValue, "job": claim.job.rawValue, "why": reason])
        await farm.giveBack(claim, .declined("worker \(name) declined: \(reason)"))
    }

    /// Events are acknowledged when they are in the log. That survives the daemon; a power cut it survives because the
    /// worker keeps its spool until `settled`, and `resumed` says from where it has to be sent again.
    private func events(_ message: JobEvents, id: Int64?) async throws {
        let claim = Claim(job: message.job, fence: message.fence)
        guard let attempt = try await farm.store.attempt(of: claim, by: name) else {
            return try await superseded(claim, id: id)
        }
        let log = try await farm.logs.log(of: claim.job.build)
        let stored = log.through(job: claim.job, attempt: attempt.number)
        var through = max(stored, message.events.last?.seq ?? stored)
        if !attempt.isOver {
            for event in message.events where event.seq > stored {
                guard case .bootResult(let result) = event.kind else { continue }
                try await farm.store.record(result, claim, attempt: attempt.number)
            }
            through = try log.append(message.events, job: claim.job, attempt: attempt.number)
        }
        try await connection.send(Ack(job: claim.job, fence: claim.fence, through: through), id: id)
    }

    private func finished(_ message: Finished, id: Int64?) async throws {
        let claim = Claim(job: message.job, fence: message.fence)
        guard let attempt = try await farm.store.attempt(of: claim, by: name) else {
            return try await superseded(claim, id: id)
        }
        if !attempt.isOver {
            // Before the end is told, what led to it is on the disk: the worker removes its spool then.
            try await farm.sync(try await farm.logs.log(of: claim.job.build))
        }
        let outcome = verified(message)
        guard try await farm.store.finish(claim, outcome, artifacts: message.artifacts) == .current else {
            return try await superseded(claim, id: id)
        }
        farm.ended(claim)
        await farm.publish(claim.job.build)
        try await connection.send(Settled(job: claim.job, fence: claim.fence), id: id)
    }

    /// A success whose artifacts are not all in the store is none.
    private func verified(_ message: Finished) -> Outcome {
        guard case .succeeded = message.outcome,
            let missing = message.artifacts.first(where: { !farm.access.isStored($0.digest) })
        else { return message.outcome }
        return .failed(
            Failure(
                cause: .worker, code: "artifact-missing",
                message: "worker \(name) did not deliver \(missing.name) (\(missing.digest)) to the store"))
    }

    private func superseded(_ claim: Claim, id: Int64?) async throws {
        farm.registry.release(claim)
        try await connection.send(Superseded(job: claim.job, fence: claim.fence), id: id)
    }
}
