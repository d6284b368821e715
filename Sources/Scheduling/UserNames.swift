import Dispatch
import Glibc
import IO

/// The names of users, as the user database has them.
///
/// That may be on another machine (nsswitch.conf(5)), so a look-up may block for as long as it likes. There is one thread for
/// all of them, and what was found is kept for a while.
final class UserNames: Sendable {
    private struct Known {
        let name: String
        let since: ContinuousClock.Instant
    }

    /// How long a name is kept.
    private static let keep = Duration.seconds(30)

    private let queue = DispatchQueue(label: "user-names")
    private let known = Locked<[UInt32: Known]>([:])
    private let lookUp: @Sendable (UInt32) -> String

    /// Names by `lookUp`, which may block.
    init(_ lookUp: @escaping @Sendable (UInt32) -> String = UserNames.ofDatabase) { self.lookUp = lookUp }

    /// The name of a user; `uid 1000` where it has none.
    func name(of user: UInt32) async -> String {
        if let name = kept(user) { return name }
        return await withCheckedContinuation { continuation in
            queue.async {
                // Those that waited for the same one find it here.
                let name = self.kept(user) ?? self.found(user)
                continuation.resume(returning: name)
            }
        }
    }

    private func kept(_ user: UInt32) -> String? {
        known.withLock { known in
            known[user].flatMap { ContinuousClock.now - $0.since < Self.keep ? $0.name : nil }
        }
    }

    private func found(_ user: UInt32) -> String {
        let name = lookUp(user)
        known.withLock { $0[user] = Known(name: name, since: .now) }
        return name
    }

    private static func ofDatabase(_ user: UInt32) -> String {
        var record = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16 * 1024)
        guard getpwuid_r(user, &record, &buffer, buffer.count, &found) == 0, found != nil, let name = record.pw_name
        else { return "uid \(user)" }
        return String(cString: name)
    }
}
