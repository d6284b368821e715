import FactoryProtocol
import FactoryQueue
import FactorySpec
import FactoryWire
import IO
import JSON

extension Farm {
    /// A claimed job on its way to its worker.
    struct Order: Sendable {
        let worker: WorkerName
        let job: ClaimedJob
    }

    /// How many jobs are read at once for placing.
    private static let page = 500

    /// Claims every ready job that a free slot suits, those of the oldest build first.
    ///
    /// Only jobs that some worker can take now are read, so that any number of others hides none of them. Each order is
    /// handed on as it is claimed: what goes wrong with a later job does not touch it, and the pass goes on behind that one.
    ///
    /// - Throws: When the database itself fails: no other job could be claimed either.
    func placeReadyJobs(_ deliver: (Order) -> Void) async throws(QueueError) {
        guard registry.offers().contains(where: \.hasRoom) else { return }
        let (needs, areUndecodable) = try await store.readyNeeds()
        if areUndecodable { try await failUndecodableRequirements() }
        var last = JobID("")
        while true {
            let placeable = placeable(needs)
            guard !placeable.isEmpty else { break }
            let jobs = try await store.readyJobs(limit: Self.page, after: last, needs: placeable)
            for job in jobs where store.isDue(job) {
                do throws(QueueError) {
                    if let order = try await place(job) { deliver(order) }
                } catch {
                    guard error.code != .diskFull, store.failure == nil else { throw error }
                    unplaceable(job.job, error)
                }
            }
            guard jobs.count == Self.page, let end = jobs.last else { break }
            last = end.job
        }
    }

    /// No worker can be chosen for these jobs: each fails in a transaction of its own.
    private func failUndecodableRequirements() async throws(QueueError) {
        for job in try await store.undecodableRequirements() {
            do throws(QueueError) {
                guard let failure = try await store.failUndecodableRequirements(of: job) else { continue }
                undecodable(job, failure)
            } catch {
                guard error.code != .diskFull, store.failure == nil else { throw error }
                unplaceable(job, error)
            }
        }
    }

    /// A job whose stored work cannot be read has failed.
    private func undecodable(_ job: JobID, _ failure: Failure) {
        log.error("A job cannot be read, and has failed.", ["job": job.rawValue, "why": failure.message])
        publisher.wake(job.build)
    }

    /// The needs for which some worker has a free slot.
    private func placeable(_ needs: [Need]) -> [Need] {
        let offers = registry.offers()
        return needs.filter { need in
            let need = JobNeed(job: JobID(""), architecture: need.architecture, requirements: need.requirements)
            return Placement.choose(need, among: offers) != nil
        }
    }

    private func place(_ job: ReadyJob) async throws(QueueError) -> Order? {
        let offers = registry.offers()
        let need = JobNeed(job: job.job, architecture: job.architecture, requirements: job.requirements)
        guard let worker = worker(for: job, need, among: offers) else { return nil }
        switch try await store.claim(job.job, for: worker) {
        case .notReady: return nil
        case .undecodable(let failure):
            undecodable(job.job, failure)
            return nil
        case .claimed(let claimed):
            registry.hold(claimed.claim, by: worker)
            unplaced.withLock { _ = $0.remove(job.job) }
            offered.withLock { $0.offered(claimed.claim, now: .now) }
            publisher.wake(job.job.build)
            return Order(worker: worker, job: claimed)
        }
    }

    /// One that has not declined the job, then another one than the last, when there is one.
    private func worker(for job: ReadyJob, _ need: JobNeed, among offers: [WorkerOffer]) -> WorkerName? {
        let (fresh, mayAskAgain) = decliners.withLock { ($0.others(offers, for: job.job), $0.mayAskAgain(job.job)) }
        if !Placement.canEverRun(need, among: fresh) { decliners.withLock { $0.forget(job.job) } }
        func isOther(_ offer: WorkerOffer) -> Bool { offer.name != job.lastWorker }
        if let worker = Placement.choose(need, among: fresh.filter(isOther)) { return worker }
        let isOnlyBusy = Placement.canEverRun(need, among: fresh.filter { $0.state == .connected })
        guard mayAskAgain || !isOnlyBusy else { return Placement.choose(need, among: fresh) }
        return Placement.choose(need, among: offers.filter(isOther)) ?? Placement.choose(need, among: offers)
    }

    /// Sends a claimed job to its worker; one that does not arrive goes back and is no attempt.
    func deliver(_ order: Order) async {
        let claim = order.job.claim
        let job = order.job
        // Before it has resumed it would not hear of it.
        guard let link = registry.resumedLink(of: order.worker) else {
            return await giveBack(claim, .declined("the worker went away"))
        }
        let work: JSONValue
        do throws(JSONError) {
            work = try job.work.json()
        } catch {
            return await giveBack(claim, .declined("the work cannot be written as JSON: \(error)"))
        }
        guard let url = link.isLocal ? access.url : access.remoteURL else {
            return await giveBack(
                claim, .declined("worker \(order.worker) came over TCP, and the store is not served there"))
        }
        let isLocal = link.isLocal
        // The store's disk may take its time.
        let (incoming, paths, reserve) = await BlockingThreads.disk.run { [access] in
            let incoming = isLocal ? access.openIncoming(StoreAccess.name(of: claim)) : nil
            let paths = job.inputs.map { isLocal ? access.path($0.digest) : nil }
            return (incoming, paths, incoming == nil ? nil : access.reserve())
        }
        let assign = Assign(
            job: claim.job, attempt: job.attempt, fence: claim.fence, work: work, workFormat: JobWork.format,
            noCache: job.noCache,
            inputs: zip(job.inputs, paths).map { Input(artifact: $0, localPath: $1) },
            upload: Upload(url: url, token: job.token, localDirectory: incoming, reserveBytes: reserve),
            timeoutSeconds: job.timeoutSeconds, sourceDateEpoch: job.sourceDateEpoch)
        // When it is not sent the worker comes back without the job, and it is taken back then: until that moment it
        // may have arrived after all.
        do throws(WireError) {
            guard try await link.give(assign) else { return }
            log.info("A job was given to a worker.", ["job": claim.job.rawValue, "worker": order.worker.rawValue])
        } catch {
            await giveBack(claim, .declined("the job does not fit into a message: \(error)"))
        }
    }

    /// Why a job is where it is.
    func explain(_ id: JobID) async throws(QueueError) -> Explained {
        let job = try await store.job(id)
        switch job.state {
        case .waiting:
            let (placing, lines) = Placement.explain(try await need(of: id).need, among: registry.offers())
            let missing = job.needs.joined(separator: ", ")
            return Explained(
                job: id, state: job.state, summary: "waits for \(missing); then it \(placing)", lines: lines)
        case .ready:
            let (need, notBefore) = try await need(of: id)
            let (placing, lines) = Placement.explain(need, among: registry.offers())
            let wait = notBefore.since(store.now)
            let seconds = (wait + .milliseconds(999)).components.seconds
            let pause = wait > .zero ? "tried again in \(seconds) s (\(job.reason ?? "it failed before")); " : ""
            return Explained(job: id, state: job.state, summary: pause + placing, lines: lines)
        case .leased, .running:
            let worker = job.worker?.rawValue ?? "a worker"
            let left = offered.withLock { $0.left(of: id, limit: settings.acceptance, now: .now) }
            let wait = left.map { "; given back in \(max(0, $0.components.seconds)) s unless the worker accepts it" }
            return Explained(
                job: id, state: job.state,
                summary: "\(job.state.rawValue) on \(worker), attempt \(job.attempt) of \(job.maxAttempts)"
                    + (wait ?? ""),
                lines: [])
        case .succeeded, .failed, .cancelled, .expired:
            return Explained(
                job: id, state: job.state, summary: job.state.rawValue + (job.reason.map { ": \($0)" } ?? ""), lines: []
            )
        }
    }

    /// What a job needs of its worker, and from when on it may be claimed.
    private func need(of id: JobID) async throws(QueueError) -> (need: JobNeed, notBefore: Timestamp) {
        let placement = try await store.placement(of: id)
        let need = JobNeed(job: id, architecture: placement.architecture, requirements: placement.requirements)
        return (need, placement.notBefore)
    }

    /// How many jobs are ahead of those of a build: ready ones of earlier builds that some worker can ever run. The others
    /// are ahead of nobody, however long they wait.
    func ahead(of build: BuildID) async throws(QueueError) -> Int {
        let offers = registry.offers()
        return try await store.readyJobs(limit: 1000).count { job in
            let need = JobNeed(job: job.job, architecture: job.architecture, requirements: job.requirements)
            return job.job.build < build && Placement.canEverRun(need, among: offers)
        }
    }

    /// What must be said at once: jobs that no known worker can ever run.
    ///
    /// - Parameters:
    ///   - plan: The jobs.
    ///   - open: The names of those that are still to be done.
    /// - Returns: A warning `no-worker` for each.
    func hopeless(_ plan: Plan, open: [String]) -> [Warning] {
        let offers = registry.offers()
        return plan.jobs.filter { open.contains($0.name) }.compactMap { job in
            let need = JobNeed(job: JobID(job.name), architecture: job.arch, requirements: job.requirements)
            guard !Placement.canEverRun(need, among: offers) else { return nil }
            let (summary, lines) = Placement.explain(need, among: offers)
            let details = lines.isEmpty ? "" : " (" + lines.joined(separator: "; ") + ")"
            return Warning(code: "no-worker", message: "\(job.name) \(summary)\(details)")
        }
    }
}
