/// Lets tasks through one at a time, in the order in which they came.
///
/// A cancelled task waits for its turn like any other: what it does then must be short.
package final class Turn: Sendable {
    private struct State {
        var taken = false
        var queue: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Locked(State())

    package init() {}

    /// Waits until nobody else has the turn, and takes it.
    package func take() async {
        await withCheckedContinuation { continuation in
            let free = state.withLock { state in
                guard state.taken else {
                    state.taken = true
                    return true
                }
                state.queue.append(continuation)
                return false
            }
            if free { continuation.resume() }
        }
    }

    /// Gives the turn to the next one.
    package func pass() {
        state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard !state.queue.isEmpty else {
                state.taken = false
                return nil
            }
            return state.queue.removeFirst()
        }?.resume()
    }
}
