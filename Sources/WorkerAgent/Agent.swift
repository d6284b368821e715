import FactoryClient
import FactoryExecution
import FactoryProtocol
import Glibc
import IO
import Processes
import Systemd

/// The agent: keeps a session with the farm, takes jobs into its slots, and holds each until the farm has its end.
///
/// It may die at any moment: jobs live on, and what it knew of them is in their spools.
final class Agent: Sendable {
    /// Less room than this on the disk of the spools, and a job is declined: it could not even say that the disk is full.
    private static let leastRoom: Int64 = 4 << 20
    /// How long a heartbeat waits for the disk of the spools; then it goes without the room there.
    private static let roomPatience = Duration.milliseconds(500)
    /// How long a connection waits for the disk of the spools.
    private static let spoolPatience = Duration.seconds(3)

    private let parts: AgentParts
    private let instance: String
    private let engines: ContainerEngines
    private let engineInterval: Duration
    private let jobs: Locked<[Claim: WorkerJob]>
    private let notifier: Notifier?
    private let room: SingleLook<Int64?>
    private let held: SingleLook<[HeldJob]>
    /// The session that there is, and the engines that it has told.
    private let told = Locked<(session: FarmSession, engines: [String: String])?>(nil)

    /// - Parameters:
    ///   - parts: What its jobs share.
    ///   - instance: Which agent it is; see ``AgentInstance``.
    ///   - engines: Looked at again for every connection.
    ///   - engineInterval: How often they are looked at while a connection lasts.
    ///   - notifier: Tells the service manager, where there is one.
    init(
        _ parts: AgentParts, instance: String, engines: ContainerEngines,
        engineInterval: Duration = .seconds(60), notifier: Notifier?
    ) {
        self.parts = parts
        self.instance = instance
        self.engines = engines
        self.engineInterval = engineInterval
        self.notifier = notifier
        let jobs = Locked<[Claim: WorkerJob]>([:])
        self.jobs = jobs
        // Not knowing it is as good as not being told in time.
        room = SingleLook("spool-room") { [spools = parts.settings.spools] in try? Spool(spools).freeBytes() }
        held = SingleLook("held-jobs") { Self.held(jobs.withLock { Array($0.values) }) }
    }

    /// Works until the task is cancelled. Jobs live on then.
    func run() async throws(ExecutionError) {
        let parts = parts
        let found = try await OwnThread.run("spools") { () throws(ExecutionError) in
            let found = try FoundSpools.look(parts)
            let names = Set((found.jobs.map(\.spool) + found.unreadable).map { JobProcess.groupName($0) })
            let ours = JobProcess.groupPrefix(parts.settings.spools)
            _ = parts.containment.removeLeftovers { $0.hasPrefix(ours) && !names.contains($0) }
            return found
        }
        jobs.withLock { jobs in
            for job in found.jobs { jobs[job.claim] = job }
        }
        notify(.ready, "\(found.jobs.count) jobs found in spools")
        await withDiscardingTaskGroup { group in
            for spool in found.unwanted { group.addTask { await FoundSpools.discard(spool, parts) } }
            for job in found.jobs { start(job, &group) }
            group.addTask { await self.watchEngines() }
            var backoff = Backoff()
            // What a farm refuses is mended by people.
            var refusals = Backoff(first: .seconds(1), longest: .seconds(30))
            while !Task.isCancelled {
                var pause: Duration?
                do throws(ClientError) {
                    let session = try await connect()
                    let begin = ContinuousClock.now
                    refusals.succeeded()
                    defer {
                        told.withLock { $0 = nil }
                        session.close()
                        // What ends a connection at once may do so again and again, and each one costs the farm a
                        // write to its disk.
                        let age = ContinuousClock.now - begin
                        if age >= session.welcome.heartbeat { backoff.succeeded() }
                    }
                    group.addTask { await self.beat(session) }
                    try await converse(session, &group)
                } catch {
                    if error.code == .cancelled { break }
                    if error.code == .refused {
                        pause = refusals.failed(chance: .random(in: 0...1))
                        log(
                            .error, "The farm refuses this worker; it tries again.",
                            ["why": error.message, "code": error.reason ?? "", "name": parts.settings.name.rawValue])
                    } else {
                        log(.warning, "No connection with the farm.", ["why": error.message])
                    }
                    notify(.status("\(error.message)"), nil)
                }
                for job in jobs.withLock({ Array($0.values) }) { job.disconnected() }
                do throws(IOError) {
                    try await Poller.shared.sleep(until: .in(pause ?? backoff.failed(chance: .random(in: 0...1))))
                } catch {
                    break
                }
            }
            group.cancelAll()
        }
    }

    // MARK: Jobs

    private func start(_ job: WorkerJob, _ group: inout DiscardingTaskGroup) {
        group.addTask {
            await job.run()
            if !Task.isCancelled { self.jobs.withLock { _ = $0.removeValue(forKey: job.claim) } }
        }
    }

    private func job(_ claim: Claim) -> WorkerJob? { jobs.withLock { $0[claim] } }

    // MARK: The session

    /// Connects, registers, and says which jobs we hold.
    private func connect() async throws(ClientError) -> FarmSession {
        let settings = parts.settings
        let engines = await engines.look()
        let hello = Hello(role: .worker, name: settings.name.rawValue, software: FactoryWorker.software)
        let offer = Register(
            architectures: settings.architectures, slots: settings.slots,
            capabilities: parts.capabilities.withLock { $0 }.merging(engines) { $1 },
            host: WorkerSettings.hostName(), instance: instance)
        let (session, resumed) = try await FarmSession.openWorker(
            settings.endpoint, hello: hello, offer: offer, held: await heldJobs(), until: .in(.seconds(20)))
        told.withLock { $0 = (session, engines) }
        parts.session.withLock { $0 = session }
        // Looked at again while we connected: the farm was told what no longer is.
        if parts.capabilities.withLock({ $0.merging(engines) { $1 } != offer.capabilities }) { session.close() }
        for claim in resumed.drop {
            log(.info, "The farm gave a job away or has its end.", values(claim))
            job(claim)?.dropped()
        }
        for kept in resumed.keep {
            job(Claim(job: kept.job, fence: kept.fence))?.connected(session, acked: kept.ackedThrough)
        }
        log(
            .info, "Connected with the farm.",
            ["server": session.welcome.server, "kept": "\(resumed.keep.count)", "dropped": "\(resumed.drop.count)"])
        notify(.status("connected with \(session.welcome.server)"), nil)
        return session
    }

    /// The jobs that we hold. A farm that is not told of their last events knows its own.
    private func heldJobs() async -> [HeldJob] {
        let jobs = jobs.withLock { Array($0.values) }
        guard !jobs.isEmpty else { return [] }
        let known = await held.value(within: Self.spoolPatience) ?? []
        let last = Dictionary(known.map { (Claim(job: $0.job, fence: $0.fence), $0.through) }) { $1 }
        return jobs.map { HeldJob(job: $0.claim.job, fence: $0.claim.fence, through: last[$0.claim] ?? 0) }
            .sorted { $0.job < $1.job }
    }

    /// Jobs with the last events in their spools. Blocks.
    private static func held(_ jobs: [WorkerJob]) -> [HeldJob] {
        jobs.map { job in
            // A spool that cannot be read has nothing to offer beyond what the server has.
            HeldJob(
                job: job.claim.job, fence: job.claim.fence, through: (try? EventWriter.lastSequence(in: job.spool)) ?? 0
            )
        }
    }

    /// Ends the session when an engine came or went, so that the next one tells it.
    private func watchEngines() async {
        while true {
            do throws(IOError) {
                try await Poller.shared.sleep(until: .in(engineInterval))
            } catch {
                return
            }
            guard let before = told.withLock({ $0 }) else { continue }
            let found = await engines.look()
            guard found != before.engines else { continue }
            log(.info, "An engine of containers came or went; the agent connects again to tell it.", found)
            before.session.close()
        }
    }

    /// Says `heartbeat` for as long as the session lasts.
    private func beat(_ session: FarmSession) async {
        while true {
            do {
                try await Poller.shared.sleep(until: .in(session.welcome.heartbeat))
                let running = jobs.withLock { $0.values.count { $0.isRunning } }
                let free = await room.value(within: Self.roomPatience) ?? nil
                try await session.send(Heartbeat(running: running, freeBytes: free))
            } catch {
                // The session ended, or the agent does; whoever receives says why.
                return
            }
        }
    }

    /// Takes what the server says until the session ends.
    private func converse(_ session: FarmSession, _ group: inout DiscardingTaskGroup) async throws(ClientError) {
        // The server beats as we do; three beats without a word, and nobody is there.
        let silence = session.welcome.heartbeat * 3
        while true {
            let incoming = try await session.receive(until: .in(silence))
            do throws(ProtocolError) {
                try await take(incoming, session, &group)
            } catch {
                log(.error, "The farm said something that is not understood.", ["why": error.message])
                await decline(incoming, error, session)
            }
        }
    }

    private func take(
        _ incoming: Incoming, _ session: FarmSession, _ group: inout DiscardingTaskGroup
    ) async throws(ProtocolError) {
        switch incoming.type {
        case Heartbeat.type, Registered.type: break
        case Assign.type: await assigned(try incoming.decode(), session, &group)
        case Ack.type:
            let ack: Ack = try incoming.decode()
            job(Claim(job: ack.job, fence: ack.fence))?.acked(through: ack.through)
        case Settled.type:
            let settled: Settled = try incoming.decode()
            job(Claim(job: settled.job, fence: settled.fence))?.settled()
        case Superseded.type:
            let superseded: Superseded = try incoming.decode()
            let claim = Claim(job: superseded.job, fence: superseded.fence)
            log(.info, "Another claim has the job.", values(claim))
            job(claim)?.dropped()
        case CancelJob.type:
            let cancel: CancelJob = try incoming.decode()
            let claim = Claim(job: cancel.job, fence: cancel.fence)
            log(.info, "A job is cancelled.", values(claim, ["reason": cancel.reason]))
            job(claim)?.cancel(reason: cancel.reason)
        case Drain.type:
            // Who gets jobs is the farm's decision alone: one that it gives meanwhile was given before, or after an undrain.
            log(.info, "The farm drains this worker: it is given no more jobs.", [:])
        case ErrorReply.type:
            let error: ErrorReply = try incoming.decode()
            log(.error, "The farm did not take what we said.", ["code": error.code, "why": error.message])
        default:
            log(.warning, "The farm said something that this version does not know.", ["type": incoming.type])
        }
    }

    /// Takes a job, or says why not.
    private func assigned(_ assign: Assign, _ session: FarmSession, _ group: inout DiscardingTaskGroup) async {
        let claim = Claim(job: assign.job, fence: assign.fence)
        do throws(ExecutionError) {
            if job(claim) == nil {
                let held = try await accept(assign)
                jobs.withLock { $0[claim] = held }
                held.connected(session, acked: 0)
                start(held, &group)
                log(.info, "A job was accepted.", values(claim, ["kind": held.kind]))
            }
            await answer(session, Accepted(job: claim.job, fence: claim.fence))
        } catch {
            log(.warning, "A job was declined.", values(claim, ["why": error.message]))
            await answer(session, Declined(job: claim.job, fence: claim.fence, reason: error.message))
        }
    }

    /// Declines a job whose assignment is not understood, so that the farm does not wait for an answer. What does not even
    /// name a job has none.
    private func decline(_ incoming: Incoming, _ error: ProtocolError, _ session: FarmSession) async {
        guard incoming.type == Assign.type, let claim = incoming.claim else { return }
        let reason = "the assignment is not understood: \(error.message)"
        log(.warning, "A job was declined.", values(claim, ["why": reason]))
        await answer(session, Declined(job: claim.job, fence: claim.fence, reason: reason))
    }

    /// Makes the spool of a job; what it throws is why the job is declined.
    private func accept(_ assign: Assign) async throws(ExecutionError) -> WorkerJob {
        let parts = parts
        let taken = jobs.withLock { $0.values.filter(\.takesSlot).count }
        guard taken < parts.settings.slots else {
            throw ExecutionError(.processFailed, "all \(parts.settings.slots) slots are taken")
        }
        let assignment = try Assignment(assign)
        // Asked first: a spool that is begun on a disk that hangs would keep us from hearing the farm.
        guard await room.value(within: Self.spoolPatience) != nil else {
            throw ExecutionError(.spoolFailed, "the disk of \(parts.settings.spools) does not answer")
        }
        return try await OwnThread.run("spool") { () throws(ExecutionError) in
            let spool = try Spool.make(in: parts.settings.spools, job: assign.job, fence: assign.fence)
            do throws(ExecutionError) {
                let free = try spool.freeBytes()
                guard free >= Self.leastRoom else {
                    throw ExecutionError(
                        .diskFull, "the spool has \(free >> 20) MiB left; \(Self.leastRoom >> 20) MiB are needed")
                }
                try assignment.write(in: spool)
            } catch {
                // The first error is the one to tell; a spool without an assignment is removed by the next start.
                try? spool.remove()
                throw error
            }
            return WorkerJob(assignment, spool, parts)
        }
    }

    private func answer(_ session: FarmSession, _ message: some Message) async {
        do throws(ClientError) {
            try await session.send(message)
        } catch {
            session.close()
        }
    }

    private func values(_ claim: Claim, _ more: [String: String] = [:]) -> [String: String] {
        more.merging(["job": claim.job.rawValue, "fence": claim.fence.description]) { own, _ in own }
    }

    private func log(_ priority: Priority, _ sentence: String, _ values: [String: String]) {
        parts.log.write(priority, sentence, values)
    }

    private func notify(_ message: Notifier.Message, _ status: String?) {
        guard let notifier else { return }
        do throws(SystemdError) {
            if let status { try notifier.send(message, .status(status)) } else { try notifier.send(message) }
        } catch {
            log(.warning, "The service manager could not be notified.", ["why": error.message])
        }
    }
}
