import FactoryProtocol
import FactoryQueue
import IO

/// The workers as they stand now: what each offers, whether it is heard, what it holds. In memory only; what must last
/// is in the queue.
final class WorkerRegistry: Sendable {
    private struct Entry {
        var offer: Register
        var software: String
        var isDraining: Bool
        /// Higher with every time that `isDraining` was taken over from the queue.
        var drainingVersion = 0
        var lastHeard: Timestamp
        var link: WorkerLink?
        /// Nothing is assigned before the worker has said what it still holds.
        var hasResumed = false
        /// Nil for one that was not here since the start and holds nothing.
        var liveness: Liveness?
        var held: Set<Claim> = []
        /// What the queue knows of its offer; nil when that was never written.
        var known: Known?

        /// Whether another agent than `instance` has the name, or may come back for jobs that it holds under it.
        func belongsToAnother(than instance: String?) -> Bool {
            guard offer.instance != instance else { return false }
            if link != nil { return true }
            // An agent of an older release that returns as a newer one is not another.
            guard offer.instance != nil, instance != nil else { return false }
            return !held.isEmpty && liveness?.state != .lost
        }

        var state: WorkerSummary.State {
            if let liveness, liveness.state != .alive { return .dead }
            guard link != nil, hasResumed else { return .disconnected }
            return isDraining ? .draining : .connected
        }
    }

    /// An offer as it is written down.
    private struct Known: Equatable {
        var offer: Register
        var software: String
    }

    /// Whether a worker may use its name.
    enum Admission {
        /// It may. The connection that it had before has to go; an offer that is new has to be written down.
        case admitted(before: WorkerLink?, isNew: Bool)
        /// Another agent has the name, on this host.
        case taken(host: String)
    }

    /// What the passing of time made of a worker.
    struct Change {
        let worker: WorkerName
        let action: Liveness.Action
        let held: [Claim]
        let link: WorkerLink?
    }

    private let limits: LivenessLimits
    private let entries = Locked<[WorkerName: Entry]>([:])

    init(limits: LivenessLimits) { self.limits = limits }

    /// Takes in what the queue knows, at start. A worker with claims has the whole time to come back: the silence was
    /// ours.
    func restore(
        _ known: [KnownWorker], _ claims: [(worker: WorkerName, claim: Claim)], now: ContinuousClock.Instant
    ) {
        entries.withLock { entries in
            for worker in known {
                // An older release had no limits.
                let (offer, software) = RegistrationLimits.cut(worker.offer, software: worker.software)
                entries[worker.name] = Entry(
                    offer: offer, software: software, isDraining: worker.isDraining,
                    lastHeard: worker.registeredAt, known: Known(offer: worker.offer, software: worker.software))
            }
            for (name, claim) in claims {
                // One whose offer could not be written down is waited for like the others.
                if entries[name] == nil {
                    let unknown = Register(architectures: [], slots: 0, capabilities: [:], host: "")
                    entries[name] = Entry(
                        offer: unknown, software: "", isDraining: false, lastHeard: Timestamp(milliseconds: 0))
                }
                entries[name]?.held.insert(claim)
                entries[name]?.liveness = Liveness(limits: limits, now: now)
            }
        }
    }

    /// A worker came on a new connection: it lives, whatever becomes of its registration.
    func connected(
        _ name: WorkerName, _ offer: Register, software: String, link: WorkerLink, at: Timestamp,
        now: ContinuousClock.Instant
    ) -> Admission {
        entries.withLock { entries in
            var entry = entries[name] ?? Entry(offer: offer, software: software, isDraining: false, lastHeard: at)
            guard !entry.belongsToAnother(than: offer.instance) else { return .taken(host: entry.offer.host) }
            let before = entry.link
            (entry.offer, entry.software) = (offer, software)
            (entry.link, entry.hasResumed, entry.lastHeard) = (link, false, at)
            if entry.liveness == nil { entry.liveness = Liveness(limits: limits, now: now) }
            _ = entry.liveness?.heard(now: now)
            entries[name] = entry
            return .admitted(before: before, isNew: entry.known != Known(offer: offer, software: software))
        }
    }

    /// What a worker offers is written down.
    func registered(_ name: WorkerName, _ offer: Register, software: String) {
        entries.withLock { $0[name]?.known = Known(offer: offer, software: software) }
    }

    /// Workers that are here and whose offers are not written down.
    func unwritten() -> [(name: WorkerName, offer: Register, software: String)] {
        entries.withLock { entries in
            entries.filter { _, entry in
                entry.link != nil && entry.hasResumed
                    && entry.known != Known(offer: entry.offer, software: entry.software)
            }.map { (name: $0.key, offer: $0.value.offer, software: $0.value.software) }.sorted { $0.name < $1.name }
        }
    }

    func isDraining(_ name: WorkerName) -> Bool { entries.withLock { $0[name]?.isDraining ?? false } }

    /// The worker has said what it holds. What was claimed for it meanwhile it holds as well, or is about to.
    func holds(_ name: WorkerName, _ link: WorkerLink, kept: [Claim], lost: [Claim]) {
        entries.withLock { entries in
            guard entries[name]?.link === link else { return }
            entries[name]?.held.subtract(lost)
            entries[name]?.held.formUnion(kept)
        }
    }

    /// The worker knows what it keeps: from now on it is given work.
    func resumed(_ name: WorkerName, _ link: WorkerLink) {
        entries.withLock { entries in
            guard entries[name]?.link === link else { return }
            entries[name]?.hasResumed = true
        }
    }

    /// Anything came from the worker. True when it had been given up meanwhile: it must resume anew.
    func heard(_ name: WorkerName, _ link: WorkerLink, at: Timestamp, now: ContinuousClock.Instant) -> Bool {
        entries.withLock { entries in
            guard entries[name]?.link === link else { return true }
            entries[name]?.lastHeard = at
            let before = entries[name]?.liveness?.state
            _ = entries[name]?.liveness?.heard(now: now)
            return before == .lost
        }
    }

    /// The connection ended. Whether the worker is lost is a matter of time.
    func disconnected(_ name: WorkerName, _ link: WorkerLink) {
        entries.withLock { entries in
            guard entries[name]?.link === link else { return }
            entries[name]?.link = nil
            entries[name]?.hasResumed = false
        }
    }

    /// Which word of the queue about draining a worker has now, for ``setDraining(_:_:at:)``.
    func drainingVersion(of name: WorkerName) -> Int { entries.withLock { $0[name]?.drainingVersion ?? 0 } }

    /// Notes what the queue says of draining, unless something newer than `version` was noted already: false then.
    func setDraining(_ name: WorkerName, _ isDraining: Bool, at version: Int) -> Bool {
        entries.withLock { entries in
            guard let entry = entries[name] else { return true }
            guard entry.drainingVersion == version else { return false }
            entries[name]?.isDraining = isDraining
            entries[name]?.drainingVersion += 1
            return true
        }
    }

    /// A claim was given to a worker: one slot less.
    func hold(_ claim: Claim, by name: WorkerName) {
        entries.withLock { entries in _ = entries[name]?.held.insert(claim) }
    }

    /// A claim is over: one slot more.
    func release(_ claim: Claim) {
        entries.withLock { entries in
            for name in entries.keys { entries[name]?.held.remove(claim) }
        }
    }

    /// A worker holds a claim no more, whoever else does.
    func release(_ claim: Claim, of name: WorkerName) {
        entries.withLock { entries in _ = entries[name]?.held.remove(claim) }
    }

    /// Whether some worker holds a claim.
    func isHeld(_ claim: Claim) -> Bool { entries.withLock { $0.values.contains { $0.held.contains(claim) } } }

    func link(of name: WorkerName) -> WorkerLink? { entries.withLock { $0[name]?.link } }

    /// The connection over which a worker may be given work; nil before it has resumed.
    func resumedLink(of name: WorkerName) -> WorkerLink? {
        entries.withLock { entries in entries[name].flatMap { $0.hasResumed ? $0.link : nil } }
    }

    /// Workers that are connected.
    func present() -> [WorkerName] { entries.withLock { $0.filter { $0.value.link != nil }.keys.sorted() } }

    /// Forgets workers that are gone for good; one that has just come back is only no longer known to the queue.
    func forget(_ names: [WorkerName]) {
        entries.withLock { entries in
            for name in names {
                guard let entry = entries[name] else { continue }
                entries[name]?.known = nil
                if entry.link == nil, entry.held.isEmpty { entries[name] = nil }
            }
        }
    }

    /// Lets time pass; what has to be done about whom.
    func tick(now: ContinuousClock.Instant) -> [Change] {
        entries.withLock { entries in
            var changes: [Change] = []
            for name in entries.keys.sorted() {
                guard var action = entries[name]?.liveness?.tick(now: now), let entry = entries[name] else { continue }
                // Claimed for it in the very moment in which it was given up.
                if action == .nothing, entry.liveness?.state == .lost, !entry.held.isEmpty { action = .giveJobsAway }
                guard action != .nothing else { continue }
                if action == .giveJobsAway { entries[name]?.held = [] }
                changes.append(
                    Change(
                        worker: name, action: action, held: entry.held.sorted { $0.job < $1.job }, link: entry.link))
            }
            return changes
        }
    }

    /// What placement looks at, by name.
    func offers() -> [WorkerOffer] {
        entries.withLock { entries in
            entries.sorted { $0.key < $1.key }.map { name, entry in
                WorkerOffer(
                    name: name, architectures: entry.offer.architectures, slots: entry.offer.slots,
                    capabilities: entry.offer.capabilities, state: entry.state, held: entry.held.count)
            }
        }
    }

    /// The workers as lists show them, by name.
    func summaries() -> [WorkerSummary] {
        entries.withLock { entries in
            entries.sorted { $0.key < $1.key }.map { name, entry in
                WorkerSummary(
                    name: name, architectures: entry.offer.architectures, slots: entry.offer.slots, state: entry.state,
                    jobs: entry.held.map(\.job).sorted(), capabilities: entry.offer.capabilities,
                    software: entry.software, lastHeard: entry.lastHeard)
            }
        }
    }
}
