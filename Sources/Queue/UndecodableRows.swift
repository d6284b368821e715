import IO

/// A row of the queue that cannot be read, for the operator's journal.
package struct UndecodableRow: Sendable, Hashable {
    /// What it is about: `worker w1`, `job 01….image-amd64`.
    package let subject: String
    /// What cannot be read, and what came of that.
    package let why: String
}

/// Rows that could not be read and were not told of yet; each is told of once.
final class UndecodableRows: Sendable {
    /// How many are remembered. A queue with more of them has lost more than lines of a journal could tell.
    private static let most = 1000

    private struct State {
        var seen: Set<UndecodableRow> = []
        var untold: [UndecodableRow] = []
    }

    private let state = Locked(State())

    func note(_ subject: String, _ why: String) {
        let row = UndecodableRow(subject: subject, why: why)
        state.withLock { state in
            guard state.seen.count < Self.most, state.seen.insert(row).inserted else { return }
            state.untold.append(row)
        }
    }

    /// Those that were not taken before.
    func take() -> [UndecodableRow] {
        state.withLock { state in
            defer { state.untold = [] }
            return state.untold
        }
    }
}
