import CLinux
import Glibc

/// A door that opens once and stays open: how a part tells any number of tasks that something has happened.
///
/// An eventfd underneath, so that waiting has a deadline and can be cancelled like every other wait.
package final class Latch: Sendable {
    private let descriptor: Descriptor

    /// A closed door.
    ///
    /// - Throws: `.noDescriptors`.
    package init() throws(IOError) {
        let number = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
        guard number >= 0 else { throw IOError(system: errno, "eventfd", "") }
        descriptor = Descriptor(ready: number)
    }

    /// Opens it for good; again is harmless.
    package func open() {
        // Never read back, so the counter stays above zero and every later wait ends at once.
        eventfd_write(descriptor.rawValue, 1)
    }

    /// Whether it is open.
    package var isOpen: Bool {
        var state = pollfd(fd: descriptor.rawValue, events: Int16(POLLIN), revents: 0)
        return poll(&state, 1, 0) == 1
    }

    /// Waits until it is open.
    ///
    /// - Throws: `.timedOut`, `.cancelled`.
    package func wait(until deadline: Deadline) async throws(IOError) {
        try await descriptor.wait(.read, until: deadline)
    }
}
