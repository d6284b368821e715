/// Who waits for what until when: the poller's bookkeeping, without a descriptor, a clock or a thread.
///
/// `Token` is what the owner needs to wake a waiter (a continuation; in tests a number). Every method returns what the
/// owner has to do next. A wait without a descriptor is a sleep.
struct WaitTable<Token> {
    private struct Waiter {
        let id: UInt64
        let interest: Readiness
        let bucket: Int64?
        let token: Token
    }

    private var waiters: [Int32: [Waiter]] = [:]
    private var descriptors: [UInt64: Int32] = [:]
    private var timers = TimerBuckets()
    private static var none: Int32 { -1 }

    /// The moment at which `expire` has something to do, in nanoseconds of the monotonic clock.
    var nextExpiry: Int64? { timers.next }

    /// The number of waits.
    var count: Int { descriptors.count }

    /// Adds a wait and returns what its descriptor must now be watched for.
    mutating func add(
        _ id: UInt64, on descriptor: Int32?, for interest: Readiness, until deadline: Deadline, now: Int64,
        token: Token
    ) -> Readiness {
        let bucket = deadline == .never ? nil : timers.insert(id, at: deadline.nanoseconds, now: now)
        let key = descriptor ?? Self.none
        waiters[key, default: []].append(Waiter(id: id, interest: interest, bucket: bucket, token: token))
        descriptors[id] = key
        return union(key)
    }

    /// Ends one wait, because it was cancelled or could not be watched; nil when it has ended already.
    mutating func remove(_ id: UInt64) -> Token? {
        guard let key = descriptors.removeValue(forKey: id), var list = waiters[key],
            let index = list.firstIndex(where: { $0.id == id })
        else { return nil }
        let waiter = list.remove(at: index)
        waiters[key] = list.isEmpty ? nil : list
        if let bucket = waiter.bucket { timers.remove(id, from: bucket) }
        return waiter.token
    }

    /// Ends all waits on a descriptor, because it is about to be closed.
    mutating func removeAll(on descriptor: Int32) -> [Token] {
        (waiters[descriptor] ?? []).map(\.id).compactMap { remove($0) }
    }

    /// Ends the waits that `ready` answers; `rearm` is what the others still wait for.
    mutating func ready(
        _ descriptor: Int32, _ ready: Readiness
    ) -> (woken: [(token: Token, ready: Readiness)], rearm: Readiness) {
        let answered = (waiters[descriptor] ?? []).filter { !$0.interest.isDisjoint(with: ready) }
        let woken = answered.compactMap { waiter in
            remove(waiter.id).map { (token: $0, ready: waiter.interest.intersection(ready)) }
        }
        return (woken, union(descriptor))
    }

    /// Ends the waits whose deadline has come by `now`.
    mutating func expire(now: Int64) -> [Token] {
        timers.expire(now: now).compactMap { remove($0) }
    }

    private func union(_ key: Int32) -> Readiness {
        (waiters[key] ?? []).reduce(into: []) { $0.formUnion($1.interest) }
    }
}
