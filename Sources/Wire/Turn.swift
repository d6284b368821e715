import IO

/// Lets tasks through one at a time, in the order in which they came.
final class Turn: Sendable {
    private struct State {
        var taken = false
        var queue: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Locked(State())

    func take() async {
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

    func pass() {
        state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard !state.queue.isEmpty else {
                state.taken = false
                return nil
            }
            return state.queue.removeFirst()
        }?.resume()
    }
}
