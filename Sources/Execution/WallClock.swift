package import FactoryProtocol
import Glibc

/// The clock on the wall, for the times that events carry; nothing is decided by it.
package enum WallClock {
    /// Now.
    package static func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }
}
