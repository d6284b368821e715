import FactoryEvents
import FactoryProtocol
import FactoryQueue
import FactoryWire
import IO

/// The server's side of one worker's connection: registration, resumption, then what it says of each job, one message
/// after another. Jobs do not wait for each other, and heartbeats are heard while a log is slow. It stops reading when
/// so much is not dealt with as its jobs may have on its way, so a worker cannot flood the farm.
struct WorkerConnection: Sendable {
    let farm: Farm
    let connection: FrameConnection
    let name: WorkerName
    let software: String
    let isLocal: Bool

    /// How much of each of its jobs may wait to be dealt with, in bytes: what a worker has on its way at most, twice.
    private static let mostWaitingOfJob = 512 << 10
    /// And of all jobs together, at least.
    private static let leastWaiting = 8 << 20

    /// Talks until the connection ends.
    ///
    /// - Throws: ``WireError``, or what went wrong here; either ends this connection only.
    func run(until handshake: Deadline) async throws {
        let link = WorkerLink(connection, isLocal: isLocal)
        let incoming = try await connection.next(until: handshake)
        let offer = try incoming.decode(Register.self)
        try check(offer)
        // In memory before on the disk: a full disk is no silence of the worker's.
        let admission = farm.registry.connected(
            name, offer, software: software, link: link, at: farm.store.now, now: .now)
        switch admission {
        case .taken(let host): try await refuse(host: host, id: incoming.id)
        case .admitted(let before, let isNew):
            before?.close()
            defer {
                farm.registry.disconnected(name, link)
                link.close()
            }
            try await work(offer, isNew: isNew, id: incoming.id, link)
        }
    }

    private func refuse(host: String, id: Int64?) async throws {
        farm.log.warning("A second agent under one name was refused.", ["worker": name.rawValue, "host": host])
        try await connection.send(
            Refused(
                code: "name-taken",
                message:
                    "another agent, on host \(host), works under the name \(name) or holds jobs under it: give this "
                    + "one another name with --name, or stop that one"),
            id: id)
    }

    private func work(_ offer: Register, isNew: Bool, id: Int64?, _ link: WorkerLink) async throws {
        if isNew { try await farm.write(name, offer, software) }
        try await connection.send(Registered(worker: name), id: id)
        farm.log.info("A worker registered.", ["worker": name.rawValue, "host": offer.host, "software": software])
        // The registration may have gone to the disk, which may have taken its time.
        let resume = try await connection.next(until: .in(farm.settings.handshake))
        do {
            try await self.resume(try resume.decode(), id: resume.id, link)
        } catch let error as QueueError {
            // As the answer, so that the worker knows why it is not taken now.
            try await connection.send(FarmError(error).reply, id: resume.id)
            throw error
        }
        if farm.registry.isDraining(name) { _ = await link.tell(Drain()) }
        farm.wake()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await beat(link) }
            group.addTask { try await listen(link, slots: offer.slots) }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func check(_ offer: Register) throws {
        if let instance = offer.instance {
            guard instance.utf8.count == 32, instance.allSatisfy(\.isHexDigit) else {
                throw ProtocolError(.badMessage, "an instance is 32 hexadecimal digits, not \"\(instance)\"")
            }
        }
        if let excess = RegistrationLimits.excess(of: offer, software: software) {
            throw ProtocolError(.badMessage, "worker \(name) offers more than there is room for: \(excess)")
        }
    }

    /// Says `heartbeat` for as long as the connection lasts.
    private func beat(_ link: WorkerLink) async throws {
        while true {
            try await Poller.shared.sleep(until: .in(farm.settings.liveness.heartbeat))
            guard await link.tell(Heartbeat()) else { return }
        }
    }

    private func listen(_ link: WorkerLink, slots: Int) async throws {
        let mostBytes = max(Self.leastWaiting, Self.mostWaitingOfJob.multipliedSaturated(by: slots))
        let lanes = Locked(JobLanes<(report: WorkerReport, id: Int64?)>(mostBytes: mostBytes))
        let room = Wakeup()
        let (begun, continuation) = AsyncStream<JobID>.makeStream()
        let end = Locked<(any Error)?>(nil)
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask {
                defer { continuation.finish() }
                do {
                    try await read(link, into: lanes, room, begun: continuation)
                } catch {
                    // What came before the connection ended is dealt with all the same: it may be the end of a job.
                    // The worker is gone, or has to come again: it gets no more work over this connection.
                    farm.registry.disconnected(name, link)
                    end.withLock { $0 = error }
                }
            }
            for await job in begun {
                group.addTask {
                    while let (report, id) = lanes.withLock({ $0.next(of: job) }) {
                        room.wake()
                        try await deal(with: report, id: id) { end.withLock { $0 != nil } }
                    }
                    room.wake()
                }
            }
        }
        if let end = end.withLock({ $0 }) { throw end }
    }

    /// Sorts what comes into the lanes, until the connection ends.
    private func read(
        _ link: WorkerLink, into lanes: Locked<JobLanes<(report: WorkerReport, id: Int64?)>>, _ room: Wakeup,
        begun: AsyncStream<JobID>.Continuation
    ) async throws {
        var rooms = room.signals.makeAsyncIterator()
        while true {
            let incoming = try await connection.next(until: .in(farm.settings.liveness.dead))
            if farm.registry.heard(name, link, at: farm.store.now, now: .now) {
                // Its jobs were given away while it was silent: only a new `resume` says which ones it must drop.
                throw FarmError("lost", "worker \(name) was silent for too long; connect again")
            }
            guard let report = try WorkerReport(incoming) else {
                try await handle(incoming)
                continue
            }
            if lanes.withLock({ $0.add((report, incoming.id), bytes: incoming.size, of: report.job) }) {
                begun.yield(report.job)
            }
            while lanes.withLock({ $0.isFull }) {
                guard await rooms.next() != nil else { throw CancellationError() }
            }
        }
    }

    /// Deals with a report. What the disk or one row refuses is tried again until it works: it costs this job time, and the
    /// worker's other jobs nothing. Once `hasEnded`, the worker says it again over its next connection.
    private func deal(with report: WorkerReport, id: Int64?, hasEnded: () -> Bool) async throws {
        var pause = farm.settings.tick
        var isSaid = false
        while true {
            let reason: String
            do {
                return try await handle(report, id: id)
            } catch let error as EventsError where error.code != .gap {
                reason = error.message
            } catch let error as QueueError where farm.store.failure == nil {
                reason = error.message
            }
            guard !hasEnded() else { return }
            if !isSaid {
                farm.log.error(
                    "What a worker says of a job cannot be written down yet.",
                    ["worker": name.rawValue, "job": report.job.rawValue, "why": reason])
                isSaid = true
            }
            try await Poller.shared.sleep(until: .in(pause))
            pause = min(pause * 2, farm.settings.tick * 30)
        }
    }

    /// What is no report of a job.
    private func handle(_ incoming: Incoming) async throws {
        guard incoming.type != Heartbeat.type else {
            _ = try incoming.decode(Heartbeat.self)
            return
        }
        try await connection.send(
            ErrorReply(code: "unknown-type", message: "no message \"\(incoming.type)\" is taken from a worker"),
            id: incoming.id)
    }

    private func handle(_ report: WorkerReport, id: Int64?) async throws {
        switch report {
        case .accepted(let message):
            try await accepted(Claim(job: message.job, fence: message.fence), id: id)
        case .declined(let message):
            let reason = ReportLimits.shortened(message.reason)
            try await declined(Claim(job: message.job, fence: message.fence), reason, id: id)
        case .events(let message): try await events(message, id: id)
        case .finished(let message): try await finished(message, id: id)
        }
    }

    private func resume(_ message: Resume, id: Int64?, _ link: WorkerLink) async throws {
        let held = message.jobs.map { Claim(job: $0.job, fence: $0.fence) }
        let found = try await farm.store.resume(name, held)
        let claims = found.keep.map(\.claim)
        farm.registry.holds(name, link, kept: claims, lost: found.lost)
        for claim in found.lost { await missing(claim) }
        for claim in claims {
            // The answer `accepted` may have been lost with the old connection.
            _ = try await farm.store.accept(claim)
            farm.offered.withLock { $0.settled(claim) }
            farm.publisher.wake(claim.job.build)
        }
        let stored = await stored(of: found.keep)
        let kept = claims.map { KeptJob(job: $0.job, fence: $0.fence, ackedThrough: stored[$0] ?? 0) }
        // Nothing is assigned before this is sent: until then the worker listens for nothing else.
        try await connection.send(Resumed(keep: kept, drop: found.drop), id: id)
        farm.registry.resumed(name, link)
        // Asked for only now, so that no cancellation falls between: what comes later goes over this connection.
        for (claim, reason) in try await farm.store.toEnd(claims) {
            _ = await link.tell(CancelJob(job: claim.job, fence: claim.fence, reason: reason))
        }
    }

    /// The last event of each attempt that is stored. A log that cannot be read now, or not within the time for it, is left
    /// out: the worker sends all events of this job again then, and its other jobs go on.
    private func stored(of kept: [(claim: Claim, attempt: Int)]) async -> [Claim: Int64] {
        await withTaskGroup(of: (claim: Claim, through: Int64)?.self) { group in
            for (claim, attempt) in kept {
                group.addTask {
                    let build = claim.job.build
                    await farm.publisher.published(build)
                    return (claim, farm.logs.openLog(of: build)?.through(job: claim.job, attempt: attempt) ?? 0)
                }
            }
            let openingTime = farm.settings.openingTime
            group.addTask {
                // Cancelled when all are open; over when it is time, which cancels the waiting.
                try? await Poller.shared.sleep(until: .in(openingTime))
                return nil
            }
            var found: [Claim: Int64] = [:]
            var left = kept.count
            while left > 0, let answer = await group.next() {
                guard let answer else {
                    group.cancelAll()
                    continue
                }
                found[answer.claim] = answer.through
                left -= 1
            }
            group.cancelAll()
            return found
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
            case .current(let cancelReason) = try await farm.store.accept(claim)
        else { return try await superseded(claim, id: id) }
        farm.offered.withLock { $0.settled(claim) }
        farm.decliners.withLock { $0.forget(claim.job) }
        farm.publisher.wake(claim.job.build)
        if let cancelReason {
            // It was told before it had the job, and then it means nothing to a worker.
            try await connection.send(CancelJob(job: claim.job, fence: claim.fence, reason: cancelReason))
        }
    }

    private func declined(_ claim: Claim, _ reason: String, id: Int64?) async throws {
        guard try await farm.store.attempt(of: claim, by: name) != nil else {
            return try await superseded(claim, id: id)
        }
        farm.log.warning(
            "A worker declined a job.", ["worker": name.rawValue, "job": claim.job.rawValue, "why": reason])
        farm.decliners.withLock { $0.declined(claim.job, by: name) }
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
        // What the farm said before, that the job was given to a worker, stands before what the job says. The end of a
        // damaged log is said again.
        if stored == 0 || log.damage != nil {
            await farm.publisher.published(claim.job.build)
            try Task.checkCancellation()
        }
        var through = max(stored, message.events.last?.seq ?? stored)
        if !attempt.isOver {
            for event in message.events where event.seq > stored {
                guard case .bootResult(let result) = event.kind else { continue }
                try await farm.store.record(result, claim, attempt: attempt.number)
            }
            through = try await log.append(ReportLimits.ofJobs(message.events), job: claim.job, attempt: attempt.number)
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
            // Before the end is told: whoever submits again then has the damaged one made anew.
            if case .failed(let failure) = message.outcome, failure.code == Failure.damagedBlob {
                for input in try await farm.store.inputs(of: claim.job) { await farm.access.verify(input.digest) }
            }
        }
        let excess = ReportLimits.excess(of: message.artifacts)
        guard
            try await farm.store.finish(
                claim, outcome(of: message, excess), artifacts: excess == nil ? message.artifacts : []) == .current
        else {
            return try await superseded(claim, id: id)
        }
        farm.ended(claim)
        farm.publisher.wake(claim.job.build)
        try await connection.send(Settled(job: claim.job, fence: claim.fence), id: id)
    }

    /// How the attempt ended. A success with artifacts beyond the limits is none; another attempt would make the same ones.
    private func outcome(of message: Finished, _ excess: String?) -> Outcome {
        guard case .succeeded = message.outcome, let excess else { return ReportLimits.shortened(message.outcome) }
        return .failed(Failure(cause: .internal, code: "bad-artifacts", message: "worker \(name): \(excess)"))
    }

    private func superseded(_ claim: Claim, id: Int64?) async throws {
        farm.registry.release(claim, of: name)
        try await connection.send(Superseded(job: claim.job, fence: claim.fence), id: id)
    }
}
