package import FactoryEvents
package import FactoryProtocol
package import FactoryQueue
import IO

/// The queue, the logs and the workers together: what every connection works on, and what runs between them.
package final class Farm: Sendable {
    /// The durable queue.
    package let store: JobStore
    /// The builds' event logs.
    package let logs: EventLogs
    let access: StoreAccess
    let settings: FarmSettings
    let log: FarmLog
    let registry: WorkerRegistry
    /// The folder that all data is in, as status shows it.
    let root: String
    let startedAt: Timestamp
    /// Puts what the farm says into the builds' logs.
    let publisher = Publisher()
    private let wakeup = Wakeup()
    /// Claims that could not be given up yet (a full disk).
    private let unreturned = Locked<[Claim: Return]>([:])

    /// Claims that no worker has accepted yet.
    let offered = Locked(OfferedClaims())
    /// Who declined which job.
    let decliners = Locked(Decliners())
    /// Jobs that could not be placed, so that each is told of once.
    let unplaced = Locked<Set<JobID>>([])
    /// Why no job could be placed, as it was told; nil since jobs are placed again.
    let placingFault = Locked<String?>(nil)

    /// Why the store takes nothing, as it was at the last look.
    let storeShortage = Locked<String?>(nil)

    /// How a claim goes back.
    enum Return: Sendable {
        /// The attempt failed with its worker.
        case lost(Failure)
        /// The worker never had it: no attempt.
        case declined(String)
    }

    /// A farm that stands still until ``run()``.
    package init(
        store: JobStore, logs: EventLogs, access: StoreAccess, root: String, settings: FarmSettings = FarmSettings(),
        log: FarmLog = .silent
    ) {
        (self.root, startedAt) = (root, store.now)
        (self.store, self.logs, self.access, self.settings, self.log) = (store, logs, access, settings, log)
        registry = WorkerRegistry(limits: settings.liveness)
    }

    /// Reads what the queue knows of workers and claims, and which logs are not up to date. Before the first connection.
    ///
    /// - Throws: ``QueueError`` when the database cannot be read, ``EventsError`` when the logs cannot.
    package func restore() async throws {
        try await catchUpWithLogs()
        let known = try await store.knownWorkers()
        let claims = try await store.openClaims()
        registry.restore(known, claims, now: .now)
        for build in try await store.buildsWithFarmEvents() { publisher.wake(build) }
    }

    /// Places jobs, writes logs and watches over leases until it is cancelled.
    package func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.keepTime() }
            group.addTask { await self.keepHouse() }
            group.addTask { await self.watchDisk() }
            group.addTask { await self.dispatchWhenWoken() }
            group.addTask { await self.publisher.run { build in await self.publish(build) } }
        }
    }

    /// Something happened that may let a job be placed.
    func wake() { wakeup.wake() }

    /// A build's log as it is to be read: with everything that was committed before this was asked. One of which a damaged
    /// end was set aside is told of and gets the farm's own events again; one that was removed gets the end of its build.
    ///
    /// - Throws: ``EventsError``: io, no room.
    package func log(of build: BuildID) async throws(EventsError) -> BuildLog {
        let isPublished = await publisher.published(build)
        guard let log = try await logs.existingLog(of: build) else {
            throw EventsError(.io, "there is no log of build \(build.rawValue)")
        }
        // The end of an earlier try would be taken for the end.
        guard isPublished || !log.hasEnded else {
            throw EventsError(.io, "the last events of build \(build.rawValue) cannot be put into its log now")
        }
        return log
    }

    /// Puts the farm's own events of a build into its log, in the order in which they were committed. For the publisher,
    /// which runs one at a time for each build.
    ///
    /// May run again after a crash: the log drops what it has. What cannot be written now (a full disk) is tried again with
    /// the next tick; the queue is not held up by it. The log of a build that is forgotten is not made again: nobody
    /// forgets one with events that are still to be published.
    private func publish(_ build: BuildID) async -> Bool {
        do {
            if let last = try await emptyOutbox(of: build) {
                try await store.forgetFarmEvents(of: build, through: last)
            }
            _ = publisher.noted(build, isPublished: true)
            return true
        } catch {
            // Said once, not with every tick.
            guard publisher.noted(build, isPublished: false) else { return false }
            self.log.warning(
                "The events of a build are not in its log yet.", ["build": build.rawValue, "why": "\(error)"])
            return false
        }
    }

    /// The number of the last event of the farm's, when all are in the log of a build that has ended, and on the disk.
    private func emptyOutbox(of build: BuildID) async throws -> Int64? {
        let existing = try await logs.existingLog(of: build)
        if let existing, let damage = existing.damage {
            try await mend(existing, of: build, damage)
        } else if existing?.hasEnded != true, try await store.isOver(build) {
            try await store.repeatEnd(of: build)
        }
        var last = existing?.lastFarmEvent ?? 0
        var events = try await store.farmEvents(of: build, after: last)
        // Nothing to say and nothing to read: a log that is made now might be that of a build that was just forgotten.
        let log: BuildLog
        if let existing {
            log = existing
        } else {
            guard !events.isEmpty else { return nil }
            log = try await logs.log(of: build)
        }
        while !events.isEmpty {
            last = try await log.append(farm: events.map { (id: $0.id, event: $0.event) })
            events = try await store.farmEvents(of: build, after: last)
        }
        guard log.hasEnded, try await store.hasFarmEvents(build) else { return nil }
        try await sync(log)
        return last
    }

    /// The end of a log was unreadable. What jobs said is sent again by the workers that still have it; the end of a build
    /// that is over is said anew, so that watchers do not wait for ever.
    private func mend(_ log: BuildLog, of build: BuildID, _ damage: LogDamage) async throws {
        self.log.warning(
            "The end of a build's log could not be read and was set aside.",
            ["build": build.rawValue, "file": damage.setAside, "why": damage.reason])
        try await store.repeatEnd(of: build)
        log.mended()
    }

    /// Puts a log on the disk; the wait is on a thread of its own.
    func sync(_ log: BuildLog) async throws(EventsError) {
        try await OwnThread.run("event-sync") { () throws(EventsError) in try log.sync() }
    }

    private func keepTime() async {
        while !Task.isCancelled {
            do throws(IOError) {
                try await Poller.shared.sleep(until: .in(settings.tick))
            } catch {
                return  // cancelled
            }
            for change in registry.tick(now: .now) { await apply(change) }
            for claim in offered.withLock({ $0.overdue(settings.acceptance, now: .now) }) {
                log.warning("A worker did not accept a job in time.", ["job": claim.job.rawValue])
                await giveBack(claim, .declined("no worker accepted it within \(settings.acceptance)"))
            }
            publisher.retry()
            for row in store.newUndecodableRows() {
                log.error("A row of the queue cannot be read.", ["row": row.subject, "why": row.why])
            }
            for (claim, how) in unreturned.withLock({ $0 }) { await giveBackAtLast(claim, how) }
            wake()
        }
    }

    /// Forgets what is over for long. Beside the rest: a disk may take its time to remove it.
    private func keepHouse() async {
        while !Task.isCancelled {
            do throws(IOError) {
                // Not at once: after a long stop of this daemon nobody has had the time to come back.
                try await Poller.shared.sleep(until: .in(settings.forgetting))
            } catch {
                return  // cancelled
            }
            await forget()
        }
    }

    /// Looks at the disk once a second. Beside the rest: one that hangs must not keep leases from running out.
    private func watchDisk() async {
        var pause = settings.tick
        while !Task.isCancelled {
            do throws(IOError) {
                try await Poller.shared.sleep(until: .in(pause))
            } catch {
                return  // cancelled
            }
            await lookAtDisk()
            pause = .seconds(1)
        }
    }

    /// Notes whether there is room, asks a queue that took no writes whether it does again, and then writes down what waited.
    private func lookAtDisk() async {
        let shortage = await access.shortage()
        storeShortage.withLock { $0 = shortage }
        if store.refusal != nil { _ = await store.writes() }
        guard store.refusal == nil else { return }
        for (name, offer, software) in registry.unwritten() {
            do throws(QueueError) {
                try await write(name, offer, software)
            } catch {
                log.error(
                    "What a worker offers cannot be written down.", ["worker": name.rawValue, "why": error.message])
            }
        }
    }

    /// Writes down what a worker offers. While the disk is full what is in memory counts, and a later look writes it.
    func write(_ name: WorkerName, _ offer: Register, _ software: String) async throws(QueueError) {
        do throws(QueueError) {
            try await store.register(name, offer, software: software)
            try await takeOverDraining(of: name)
            registry.registered(name, offer, software: software)
        } catch {
            guard error.code == .diskFull else { throw error }
            log.warning(
                "What a worker offers is not written down yet.", ["worker": name.rawValue, "why": error.message])
        }
    }

    private func dispatchWhenWoken() async {
        await withDiscardingTaskGroup { group in
            for await _ in wakeup.signals {
                do throws(QueueError) {
                    try await placeReadyJobs { order in
                        // One worker that does not read must not hold up the others.
                        group.addTask { await self.deliver(order) }
                    }
                    // A pass that found nothing to write proves nothing of a disk that is full.
                    if store.refusal == nil { placingFault.withLock { $0 = nil } }
                } catch {
                    nonePlaced(error)
                }
            }
            group.cancelAll()
        }
    }

    /// No job could be placed, because the database itself failed.
    private func nonePlaced(_ error: QueueError) {
        let isNew = placingFault.withLock { fault in
            defer { fault = error.message }
            return fault != error.message
        }
        // Said once, not with every tick.
        if isNew { log.error("Jobs could not be placed.", ["why": error.message]) }
    }

    /// A job could not be placed, which another job may be.
    func unplaceable(_ job: JobID, _ error: QueueError) {
        // Said once, not with every tick.
        guard unplaced.withLock({ $0.insert(job).inserted }) else { return }
        log.error("A job could not be placed.", ["job": job.rawValue, "why": error.message])
    }

    private func apply(_ change: WorkerRegistry.Change) async {
        let worker = change.worker.rawValue
        switch change.action {
        case .nothing, .markAlive: return
        case .markDead:
            log.warning("A worker is silent.", ["worker": worker, "jobs": "\(change.held.count)"])
            change.link?.close()
        case .giveJobsAway:
            log.warning("A worker is lost: its jobs are given to others.", ["worker": worker])
            let silence = settings.liveness.dead + settings.liveness.grace
            let failure = Failure(
                cause: .worker, code: "worker-lost", message: "worker \(worker) was not heard for \(silence)")
            for claim in await claims(of: change) where !registry.isHeld(claim) {
                await giveBack(claim, .lost(failure))
            }
        }
    }

    /// What a lost worker has: as the registry knew it, and as the queue has it.
    private func claims(of change: WorkerRegistry.Change) async -> [Claim] {
        do throws(QueueError) {
            return Set(change.held).union(try await store.openClaims(of: change.worker)).sorted { $0.job < $1.job }
        } catch {
            log.error("A worker's claims could not be read.", ["worker": change.worker.rawValue, "why": "\(error)"])
            return change.held
        }
    }

    /// Gives back what could not be before, unless its worker has come back with it meanwhile.
    func giveBackAtLast(_ claim: Claim, _ how: Return) async {
        if case .lost = how, registry.isHeld(claim) {
            unreturned.withLock { _ = $0.removeValue(forKey: claim) }
        } else {
            await giveBack(claim, how)
        }
    }

    /// Takes a claim back from its worker. When the queue cannot write that now (a full disk), with a later tick.
    func giveBack(_ claim: Claim, _ how: Return) async {
        do throws(QueueError) {
            switch how {
            case .lost(let failure): _ = try await store.workerLost(claim, failure)
            case .declined(let reason):
                let standing = try await store.decline(claim, reason: reason)
                if standing == .superseded, try await store.isRunning(claim) {
                    // It was accepted after all.
                    unreturned.withLock { _ = $0.removeValue(forKey: claim) }
                    return
                }
            }
            unreturned.withLock { _ = $0.removeValue(forKey: claim) }
            ended(claim)
            publisher.wake(claim.job.build)
        } catch {
            guard unreturned.withLock({ $0.updateValue(how, forKey: claim) }) == nil else { return }
            log.error("A claim could not be taken back yet.", ["job": claim.job.rawValue, "why": "\(error)"])
        }
    }

    /// An attempt is over: its slot and its incoming directory are free.
    func ended(_ claim: Claim) {
        registry.release(claim)
        offered.withLock { $0.settled(claim) }
        access.closeIncoming(StoreAccess.name(of: claim))
        wake()
    }
}
