/// What keeps a client's connection from being idle: a pure value, fed with what happened and with the time.
///
/// Only the time counts in which the client could ask and did not: not that in which its request is answered, and not that in
/// which it watches.
struct ClientActivity: Sendable, Equatable {
    /// How many watches run.
    private(set) var watches = 0
    /// Whether a request is being answered.
    private var isAnswering = false
    /// Since when the client could ask.
    private var since: ContinuousClock.Instant

    /// A connection from now on.
    init(now: ContinuousClock.Instant) { since = now }

    /// A request came.
    mutating func asked() { isAnswering = true }

    /// The request is answered.
    mutating func answered(now: ContinuousClock.Instant) { (isAnswering, since) = (false, now) }

    /// Begins a watch, unless there are `most` already; whether it did.
    mutating func beginWatch(most: Int) -> Bool {
        guard watches < most else { return false }
        watches += 1
        return true
    }

    /// A watch ended.
    mutating func endWatch(now: ContinuousClock.Instant) { (watches, since) = (watches - 1, now) }

    /// How long the connection may still be idle, when that is `limit` in all; not above zero when it is over.
    func left(of limit: Duration, now: ContinuousClock.Instant) -> Duration {
        watches > 0 || isAnswering ? limit : limit - (now - since)
    }
}
