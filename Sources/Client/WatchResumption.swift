/// Keeps a watcher's place in a build's events over lost connections: no event twice, none left out. Pure.
package struct WatchResumption: Sendable {
    /// What to do with an event that came.
    package enum Delivery: Sendable, Equatable {
        /// Show it.
        case deliver
        /// It was shown before.
        case repeated
        /// Events before it are missing: ask again from ``WatchResumption/next``.
        case gap
        /// They were asked for again, and are missing again: they will never come.
        case missing
    }

    /// What to do after a loss.
    package enum Recovery: Sendable, Equatable {
        /// Connect again after this long.
        case reconnect(after: Duration)
        /// It has lasted too long.
        case giveUp
    }

    /// The first sequence number not yet delivered.
    package private(set) var next: Int64
    /// Whether every event is wanted, so that a jump in the numbers means a loss.
    private let isComplete: Bool
    private let patience: Duration
    private var backoff: Backoff
    private var lostSince: ContinuousClock.Instant?
    /// The number that was left out and asked for again.
    private var askedAgain: Int64?

    /// - Parameters:
    ///   - from: The first sequence number wanted.
    ///   - isComplete: Whether the server sends every event (log lines included), so that numbers have no gaps.
    ///   - patience: How long to try before giving up.
    ///   - backoff: How the tries are spread over it.
    package init(from: Int64, isComplete: Bool, patience: Duration, backoff: Backoff = Backoff()) {
        next = from
        self.isComplete = isComplete
        self.patience = patience
        self.backoff = backoff
    }

    /// Whether the connection is lost at the moment.
    package var isLost: Bool { lostSince != nil }

    /// An event came.
    package mutating func received(_ seq: Int64) -> Delivery {
        guard seq >= next else { return .repeated }
        guard !isComplete || seq == next else {
            guard askedAgain != next else { return .missing }
            askedAgain = next
            return .gap
        }
        // The last number there is has none after it.
        next = seq.addingReportingOverflow(1).overflow ? seq : seq + 1
        return .deliver
    }

    /// The connection is lost, or could not be made.
    package mutating func connectionLost(at now: ContinuousClock.Instant, chance: Double) -> Recovery {
        let since = lostSince ?? now
        lostSince = since
        guard now - since < patience else { return .giveUp }
        return .reconnect(after: backoff.failed(chance: chance))
    }

    /// The server answers again. Says whether it had been lost.
    package mutating func connected() -> Bool {
        backoff.succeeded()
        defer { lostSince = nil }
        return lostSince != nil
    }
}
