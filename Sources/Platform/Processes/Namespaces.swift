import Glibc

/// Namespaces that a program gets for itself (namespaces(7)).
package struct Namespaces: OptionSet, Sendable {
    package let rawValue: UInt64
    package init(rawValue: UInt64) { self.rawValue = rawValue }

    // linux/sched.h: not imported, because CLONE_NEWUSER and its kind are hidden behind _GNU_SOURCE.
    /// Mounts made inside are seen only inside, and go with the last process.
    package static let mount = Namespaces(rawValue: 0x0002_0000)
    /// Host and domain name.
    package static let hostName = Namespaces(rawValue: 0x0400_0000)
    /// System V and POSIX message queues, semaphores, shared memory.
    package static let ipc = Namespaces(rawValue: 0x0800_0000)
    /// Our own user becomes root inside, and nobody else exists.
    package static let user = Namespaces(rawValue: 0x1000_0000)
    /// Processes: when the first one ends, the kernel ends all others.
    package static let process = Namespaces(rawValue: 0x2000_0000)
    /// No network but an unconfigured loopback.
    package static let network = Namespaces(rawValue: 0x4000_0000)
}
