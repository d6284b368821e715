import Dispatch
import Glibc
import IO

/// The names of users, as the user database has them.
///
/// That may be on another machine (nsswitch.conf(5)), so a look-up may block for as long as it likes. One thread does all of
/// them, each user is looked up once at a time, and nobody waits for longer than ``patience``.
final class UserNames: Sendable {
    private struct Known {
        let name: String
        let since: ContinuousClock.Instant
    }

    private struct State {
        var known: [UInt32: Known] = [:]
        /// Who waits for the look-up of a user that is under way.
        var waiting: [UInt32: [Int: CheckedContinuation<String?, Never>]] = [:]
        var nextWaiter = 0
    }

    /// After so long a name is looked up again; until that has ended, the old one counts.
    private static let keep = Duration.seconds(30)

    private let queue = DispatchQueue(label: "user-names")
    private let state = Locked(State())
    private let patience: DispatchTimeInterval
    private let lookUp: @Sendable (UInt32) -> String?

    /// Names by `lookUp`, which may block; it gives nil when the database failed.
    init(
        patience: DispatchTimeInterval = .seconds(2),
        _ lookUp: @escaping @Sendable (UInt32) -> String? = UserNames.ofDatabase
    ) {
        (self.patience, self.lookUp) = (patience, lookUp)
    }

    /// The name of a user, `uid 1000` where it has none; nil when the database failed or did not answer in time.
    func name(of user: UInt32, now: ContinuousClock.Instant = .now) async -> String? {
        let (kept, begins): (String?, Bool) = state.withLock { state in
            guard let known = state.known[user] else { return (nil, false) }
            guard now - known.since >= Self.keep, state.waiting[user] == nil else { return (known.name, false) }
            state.waiting[user] = [:]
            return (known.name, true)
        }
        if begins { begin(user) }
        if let kept { return kept }
        return await withCheckedContinuation { continuation in
            let (waiter, begins): (Int, Bool) = state.withLock { state in
                state.nextWaiter += 1
                let isFirst = state.waiting[user] == nil
                state.waiting[user, default: [:]][state.nextWaiter] = continuation
                return (state.nextWaiter, isFirst)
            }
            if begins { begin(user) }
            DispatchQueue.global().asyncAfter(deadline: .now() + patience) {
                let late = self.state.withLock { $0.waiting[user]?.removeValue(forKey: waiter) }
                late?.resume(returning: nil)
            }
        }
    }

    private func begin(_ user: UInt32) {
        queue.async {
            let name = self.lookUp(user)
            let waiting = self.state.withLock { state in
                if let name { state.known[user] = Known(name: name, since: .now) }
                return state.waiting.removeValue(forKey: user) ?? [:]
            }
            for continuation in waiting.values { continuation.resume(returning: name) }
        }
    }

    /// What stands for the name of a user that has none.
    static func number(_ user: UInt32) -> String { "uid \(user)" }

    private static func ofDatabase(_ user: UInt32) -> String? {
        var record = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16 * 1024)
        switch getpwuid_r(user, &record, &buffer, buffer.count, &found) {
        case 0 where found != nil: return record.pw_name.map { String(cString: $0) } ?? number(user)
        // What getpwuid_r(3) lists for a user that there is not.
        case 0, ENOENT, ESRCH, EBADF, EPERM: return number(user)
        default: return nil
        }
    }
}
