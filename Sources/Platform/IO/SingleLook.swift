import Dispatch

/// A question to a disk or a server that may never answer. Who asks waits for a limited time, and only one look is under way
/// at a time: however often it is asked, a disk that hangs holds one thread.
package final class SingleLook<Value: Sendable>: Sendable {
    private struct State {
        var isLooking = false
        var waiting: [Int: CheckedContinuation<Value?, Never>] = [:]
        var next = 0
    }

    private let name: StaticString
    private let look: @Sendable () -> Value
    private let state = Locked(State())

    /// Looks by `look`, which may block, on a thread that ps and gdb call `name` (at most 15 bytes).
    package init(_ name: StaticString, _ look: @escaping @Sendable () -> Value) {
        self.name = name
        self.look = look
    }

    /// What a look finds, one that is under way included; nil when that takes longer than `patience`.
    package func value(within patience: Duration) async -> Value? {
        await withCheckedContinuation { continuation in
            let (number, begins) = state.withLock { state in
                state.next += 1
                state.waiting[state.next] = continuation
                defer { state.isLooking = true }
                return (state.next, !state.isLooking)
            }
            if begins { begin() }
            let milliseconds = Int(clamping: patience.components.seconds.multipliedSaturated(by: 1000))
                .addingSaturated(Int(patience.components.attoseconds / 1_000_000_000_000_000))
            DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(milliseconds)) {
                let late = self.state.withLock { $0.waiting.removeValue(forKey: number) }
                late?.resume(returning: nil)
            }
        }
    }

    private func begin() {
        let hasThread = OwnThread.start(name) {
            let value = self.look()
            self.end(value)
        }
        // Without a thread nobody looks.
        if hasThread != 0 { end(nil) }
    }

    private func end(_ value: Value?) {
        let waiting = state.withLock { state in
            state.isLooking = false
            defer { state.waiting = [:] }
            return state.waiting
        }
        for continuation in waiting.values { continuation.resume(returning: value) }
    }
}
