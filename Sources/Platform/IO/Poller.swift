import CLinux
import Glibc
import Synchronization

/// One thread that waits on one epoll set (epoll(7)) and wakes the tasks that wait for a descriptor or a moment.
///
/// It serves whatever epoll can watch: sockets, pipes, ptys, pidfds, inotify, eventfds. A regular file is always
/// ready. Any number of tasks may wait on one descriptor. A wake-up can be early: try the call on a non-blocking
/// descriptor and wait again when it says EAGAIN. A descriptor that somebody waits on is closed through
/// `Descriptor`, which ends those waits first; closed behind the poller's back, they end at their deadline.
package final class Poller: Sendable {
    /// The one poller of the process. Its thread lives as long as the process.
    package static let shared = Poller()

    private typealias Wake = CheckedContinuation<Result<Readiness, IOError>, Never>

    private struct State {
        var table = WaitTable<Wake>()
        var watched: Set<Int32> = []
        // Until when the thread sleeps in epoll_wait; `Int64.min` while it is awake and will look again by itself.
        var sleepsUntil = Int64.min
    }

    private let state = Locked(State())
    private let nextID = Atomic<UInt64>(1)
    private let epoll: Int32
    private let alarm: Int32
    private let failure: IOError?
    private static let alarmKey = UInt64.max

    private init() {
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        alarm = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
        var event = epoll_event(events: EPOLLIN.rawValue, data: epoll_data_t(u64: Self.alarmKey))
        guard epoll >= 0, alarm >= 0, epoll_ctl(epoll, EPOLL_CTL_ADD, alarm, &event) == 0 else {
            failure = IOError(system: errno, "epoll_create1", "for the poller")
            return
        }
        failure = nil
        let thread = OwnThread.start("poller") { Poller.shared.run() }
        precondition(thread == 0, "the poller needs a thread before anything else can run")
    }

    /// Waits until `descriptor` is ready for something of `interest` and returns for what.
    ///
    /// - Throws: `.timedOut` at the deadline, `.cancelled` when the task is cancelled, `.closed` when the `Descriptor`
    ///   is closed meanwhile or the number is no open descriptor.
    @discardableResult
    package func wait(
        _ descriptor: Int32, _ interest: Readiness, until deadline: Deadline
    ) async throws(IOError) -> Readiness {
        try await suspend(on: descriptor, interest, until: deadline).get()
    }

    /// Waits until `moment`.
    ///
    /// - Throws: `.cancelled` when the task is cancelled.
    package func sleep(until moment: Deadline) async throws(IOError) {
        if case .failure(let error) = await suspend(on: nil, [], until: moment), error.code != .timedOut { throw error }
    }

    /// Ends all waits on `descriptor` with `.closed` and stops watching it; call it right before close(2).
    package func forget(_ descriptor: Int32) {
        let wakes = state.withLock { state in
            if state.watched.remove(descriptor) != nil {
                // The answer does not matter: the descriptor may have left the set by itself.
                _ = epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, nil)
            }
            return state.table.removeAll(on: descriptor)
        }
        for wake in wakes {
            wake.resume(returning: .failure(IOError(.closed, "descriptor \(descriptor) was closed while waited for")))
        }
    }

    private func suspend(
        on descriptor: Int32?, _ interest: Readiness, until deadline: Deadline
    ) async -> Result<Readiness, IOError> {
        if let failure { return .failure(failure) }
        let id = nextID.wrappingAdd(1, ordering: .relaxed).oldValue
        return await withTaskCancellationHandler {
            await withCheckedContinuation { wake in
                let answer = state.withLock { state -> Result<Readiness, IOError>? in
                    // Asked under the lock that the cancellation handler takes: no cancellation falls between.
                    if Task.isCancelled { return .failure(Self.cancelled) }
                    let now = Deadline.now.nanoseconds
                    let watch = state.table.add(
                        id, on: descriptor, for: interest, until: deadline, now: now, token: wake)
                    if let descriptor, let answer = arm(descriptor, watch, &state) {
                        _ = state.table.remove(id)
                        return answer.map { interest }
                    }
                    if let next = state.table.nextExpiry, next < state.sleepsUntil {
                        state.sleepsUntil = next
                        eventfd_write(alarm, 1)
                    }
                    return nil
                }
                if let answer { wake.resume(returning: answer) }
            }
        } onCancel: {
            state.withLock { $0.table.remove(id) }?.resume(returning: .failure(Self.cancelled))
        }
    }

    private static let cancelled = IOError(.cancelled, "the task was cancelled while it waited")

    /// Watches for one event. Nil when watched; success when the descriptor is always ready (a regular file).
    private func arm(_ descriptor: Int32, _ interest: Readiness, _ state: inout State) -> Result<Void, IOError>? {
        var bits = EPOLLONESHOT.rawValue
        if interest.contains(.read) { bits |= EPOLLIN.rawValue }
        if interest.contains(.write) { bits |= EPOLLOUT.rawValue }
        if interest.contains(.hangup) { bits |= EPOLLRDHUP.rawValue }
        var event = epoll_event(events: bits, data: epoll_data_t(u64: UInt64(UInt32(bitPattern: descriptor))))
        // Tried second when the first does not fit: the number was closed and opened again behind our back.
        let known = state.watched.contains(descriptor)
        for operation in known ? [EPOLL_CTL_MOD, EPOLL_CTL_ADD] : [EPOLL_CTL_ADD, EPOLL_CTL_MOD] {
            if epoll_ctl(epoll, operation, descriptor, &event) == 0 {
                state.watched.insert(descriptor)
                return nil
            }
            switch errno {
            case ENOENT, EEXIST: continue
            case EPERM: return .success(())
            default: return .failure(IOError(system: errno, "epoll_ctl", "on descriptor \(descriptor)"))
            }
        }
        return .failure(IOError(system: ENOENT, "epoll_ctl", "on descriptor \(descriptor)"))
    }

    private func run() -> Never {
        var events = [epoll_event](repeating: epoll_event(), count: 256)
        while true {
            let timeout = state.withLock { state -> Int32 in
                guard let next = state.table.nextExpiry else {
                    state.sleepsUntil = .max
                    return -1
                }
                state.sleepsUntil = next
                let milliseconds = (max(0, next - Deadline.now.nanoseconds) + 999_999) / 1_000_000
                return Int32(min(milliseconds, 3_600_000))
            }
            // A statement of its own: inside `events.prefix(...)` the array would be read before the call fills it.
            let count = epoll_wait(epoll, &events, Int32(events.count), timeout)
            wake(events.prefix(Int(max(0, count))))
        }
    }

    private func wake(_ events: ArraySlice<epoll_event>) {
        let (ready, late) = state.withLock { state in
            state.sleepsUntil = .min
            var ready: [(token: Wake, ready: Readiness)] = []
            for event in events {
                if event.data.u64 == Self.alarmKey {
                    var count: eventfd_t = 0
                    eventfd_read(alarm, &count)
                    continue
                }
                let descriptor = Int32(truncatingIfNeeded: event.data.u64)
                let (woken, rearm) = state.table.ready(descriptor, Self.readiness(event.events))
                ready += woken
                // Watching one that is still open cannot fail; one that is not is ended by `forget` or a deadline.
                if !rearm.isEmpty { _ = arm(descriptor, rearm, &state) }
            }
            return (ready, state.table.expire(now: Deadline.now.nanoseconds))
        }
        for (wake, ready) in ready { wake.resume(returning: .success(ready)) }
        for wake in late { wake.resume(returning: .failure(IOError(.timedOut, "the wait reached its deadline"))) }
    }

    /// An error or a hang-up makes everything ready: the next call on the descriptor says what it is.
    private static func readiness(_ events: UInt32) -> Readiness {
        if events & (EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0 { return [.read, .write, .hangup] }
        var ready: Readiness = []
        if events & EPOLLIN.rawValue != 0 { ready.insert(.read) }
        if events & EPOLLOUT.rawValue != 0 { ready.insert(.write) }
        if events & EPOLLRDHUP.rawValue != 0 { ready.formUnion([.read, .hangup]) }
        return ready
    }
}
