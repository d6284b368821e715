import Dispatch

/// A limited number of threads for short calls that a disk can make wait: reads, writes, sendfile(2).
///
/// A thread is started when work waits and none is idle, serves one piece of work after another, and ends when it was idle
/// for a while. Work beyond the limit waits for its turn, in order. What takes long has ``OwnThread``.
package final class BlockingThreads: Sendable {
    /// For what this process reads from and writes to its disk. So many calls may wait for the disk at once.
    package static let disk = BlockingThreads("disk", most: 16)
    /// For event logs alone: they may be on another disk than artifacts, which must not keep them back when it hangs.
    package static let logs = BlockingThreads("logs", most: 16)

    /// How long a thread without work lives.
    private static let idleTime = DispatchTimeInterval.seconds(10)

    private struct State {
        var queue: [@Sendable () -> Void] = []
        var threads = 0
        /// Threads that wait for work, also those that were started or woken and have not taken theirs yet.
        var idle = 0
        var started = 0
    }

    private let name: StaticString
    private let most: Int
    private let state = Locked(State())
    private let arrivals = DispatchSemaphore(value: 0)

    /// Threads that ps and gdb call `name` (at most 15 bytes), at most `most` at once.
    package init(_ name: StaticString, most: Int) {
        self.name = name
        self.most = most
    }

    /// How many threads were started so far.
    package var started: Int { state.withLock { $0.started } }

    /// Runs `body` on one of the threads and returns what it returned or threw.
    ///
    /// Cancelling the task does not end `body`: it must be short, but for a disk that is slow.
    package func run<Success: Sendable, Failure: Error>(
        _ body: @escaping @Sendable () throws(Failure) -> Success
    ) async throws(Failure) -> Success {
        let result: Result<Success, Failure> = await withCheckedContinuation { continuation in
            submit {
                do throws(Failure) {
                    continuation.resume(returning: .success(try body()))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        return try result.get()
    }

    private func submit(_ work: @escaping @Sendable () -> Void) {
        let needsThread = state.withLock { state in
            state.queue.append(work)
            guard state.queue.count > state.idle, state.threads < most else { return false }
            state.threads += 1
            state.started += 1
            state.idle += 1
            return true
        }
        arrivals.signal()
        // The thread takes its work from the queue like any other: what it was started with it would keep until it ends.
        guard needsThread, OwnThread.start(name, { while self.serveOnce() {} }) != 0 else { return }
        state.withLock { state in
            state.threads -= 1
            state.started -= 1
            state.idle -= 1
        }
        // Without any thread the work is still done, at the price of blocking the caller's for once. Others may have
        // counted on this thread.
        while let stranded = state.withLock({ state -> (@Sendable () -> Void)? in
            state.threads == 0 && !state.queue.isEmpty ? state.queue.removeFirst() : nil
        }) { stranded() }
    }

    /// Takes work and does it, or ends the thread after a while without; false then. Nothing of the work is kept on return.
    private func serveOnce() -> Bool {
        let hasTimedOut = arrivals.wait(timeout: .now() + Self.idleTime) == .timedOut
        let (work, isOver) = state.withLock { state -> ((@Sendable () -> Void)?, Bool) in
            if hasTimedOut {
                // What is queued has an idle thread each, and a signal for it.
                guard state.queue.count < state.idle else { return (nil, false) }
                state.idle -= 1
                state.threads -= 1
                return (nil, true)
            }
            guard !state.queue.isEmpty else { return (nil, false) }
            state.idle -= 1
            return (state.queue.removeFirst(), false)
        }
        if let work {
            work()
            state.withLock { $0.idle += 1 }
        }
        return !isOver
    }
}
