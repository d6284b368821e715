import FactoryProtocol
import IO

/// Puts the farm's own events into the builds' logs beside everything else, so that a log that takes long to open or a
/// slow disk delays nobody but those who read this log.
final class Publisher: Sendable {
    /// How many logs are written at once, but for those that somebody waits for.
    private static let limit = 16

    private struct State {
        var queue = PublishQueue(limit: Publisher.limit)
        /// Who waits for a publish that has not begun, and for one that has.
        var waiting: [BuildID: [Int: CheckedContinuation<Bool, Never>]] = [:]
        var served: [BuildID: [Int: CheckedContinuation<Bool, Never>]] = [:]
        var lastTicket = 0
        /// Builds whose events could not be put into their logs (a full disk).
        var failed: Set<BuildID> = []
    }

    private let state = Locked(State())
    private let bell = Wakeup()

    /// Events of a build were committed: they are published soon.
    func wake(_ build: BuildID) {
        state.withLock { $0.queue.ask(build, isAwaited: false) }
        bell.wake()
    }

    /// Waits until a publish has ended that began after this call: what was committed before is in the log then.
    ///
    /// - Returns: False when it could not be written; also at once on cancellation.
    @discardableResult
    func published(_ build: BuildID) async -> Bool {
        let ticket = state.withLock { state in
            state.lastTicket += 1
            return state.lastTicket
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let waits = state.withLock { state in
                    guard !Task.isCancelled else { return false }
                    state.queue.ask(build, isAwaited: true)
                    state.waiting[build, default: [:]][ticket] = continuation
                    return true
                }
                if waits { bell.wake() } else { continuation.resume(returning: false) }
            }
        } onCancel: {
            let continuation = state.withLock { state in
                state.waiting[build]?.removeValue(forKey: ticket) ?? state.served[build]?.removeValue(forKey: ticket)
            }
            continuation?.resume(returning: false)
        }
    }

    /// Notes whether the events of a build are in its log. True when it was not known before that they are not.
    func noted(_ build: BuildID, isPublished: Bool) -> Bool {
        state.withLock { state in
            guard isPublished else { return state.failed.insert(build).inserted }
            state.failed.remove(build)
            return false
        }
    }

    /// Tries again what failed.
    func retry() {
        let failed = state.withLock { state in
            for build in state.failed { state.queue.ask(build, isAwaited: false) }
            return !state.failed.isEmpty
        }
        if failed { bell.wake() }
    }

    /// Publishes what is asked for until it is cancelled. For one task.
    func run(_ publish: @escaping @Sendable (BuildID) async -> Bool) async {
        await withDiscardingTaskGroup { group in
            for await _ in bell.signals {
                while let build = begin() {
                    group.addTask {
                        self.ended(build, isPublished: await publish(build))
                    }
                }
            }
            group.cancelAll()
        }
    }

    private func begin() -> BuildID? {
        state.withLock { state in
            guard let build = state.queue.begin() else { return nil }
            state.served[build] = state.waiting.removeValue(forKey: build)
            return build
        }
    }

    private func ended(_ build: BuildID, isPublished: Bool) {
        let served = state.withLock { state in
            state.queue.ended(build)
            return state.served.removeValue(forKey: build)
        }
        bell.wake()
        for continuation in (served ?? [:]).values { continuation.resume(returning: isPublished) }
    }
}
