import CLinux
import Glibc
import IO

/// Several descriptors waited for together by one task: an epoll set of its own, which is a descriptor itself.
///
/// This keeps the callers' closures in one task, so that they need not be sendable.
final class ReadySet {
    /// The set itself; readable while one of its members is.
    let epoll: Int32

    init() throws(ProcessError) {
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        if epoll < 0 { throw .system("epoll_create1", errno) }
    }

    deinit {
        Poller.shared.forget(epoll)
        close(epoll)
    }

    func add(_ descriptor: Int32) throws(ProcessError) {
        var event = epoll_event(events: EPOLLIN.rawValue, data: epoll_data_t(fd: descriptor))
        if epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) != 0 { throw .system("epoll_ctl", errno) }
    }

    func remove(_ descriptor: Int32) throws(ProcessError) {
        if epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, nil) != 0 { throw .system("epoll_ctl", errno) }
    }

    /// The descriptors that can be read now, without waiting.
    func ready() throws(ProcessError) -> [Int32] {
        var events = [epoll_event](repeating: epoll_event(), count: 8)
        let count = epoll_wait(epoll, &events, Int32(events.count), 0)
        if count < 0 && errno != EINTR { throw .system("epoll_wait", errno) }
        return events.prefix(Int(max(0, count))).map(\.data.fd)
    }

    /// Waits until one can be read.
    func wait(until deadline: Deadline) async throws(IOError) {
        try await Poller.shared.wait(epoll, .read, until: deadline)
    }
}
