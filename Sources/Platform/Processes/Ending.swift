import CLinux
import Glibc

/// The end of a process: its status, and what it used.
package struct Ending: Sendable, Hashable {
    /// How it ended.
    package let status: ProcessStatus
    /// Processor time in its own code, its waited-for descendants included.
    package let userTime: Duration
    /// Processor time in the kernel, its waited-for descendants included.
    package let systemTime: Duration
    /// Largest resident size that it, or one of its waited-for descendants, had; in bytes.
    package let peakMemory: Int64

    init(_ exit: linux_exit) {
        status = exit.code == Int32(CLD_EXITED) ? .exited(exit.status) : .signalled(exit.status)
        userTime = .microseconds(exit.user_microseconds)
        systemTime = .microseconds(exit.system_microseconds)
        peakMemory = exit.peak_kibibytes * 1024
    }
}
