import FactoryProtocol
import Glibc

/// The time of day of a moment.
enum ClockTime {
    /// `14:03:07`, `offsetSeconds` ahead of UTC.
    static func text(_ moment: Timestamp, offsetSeconds: Int64) -> String {
        let day: Int64 = 86_400
        // The day is taken off first, so that no moment is too far away for the sum.
        let shifted = moment.milliseconds / 1000 % day + offsetSeconds
        let seconds = ((shifted % day) + day) % day
        return [seconds / 3600, seconds / 60 % 60, seconds % 60].map { $0 < 10 ? "0\($0)" : "\($0)" }
            .joined(separator: ":")
    }

    /// What local time is ahead of UTC now (localtime_r(3)); 0 where there is no such thing.
    static func localOffsetSeconds() -> Int64 {
        var now = time(nil)
        var parts = tm()
        guard localtime_r(&now, &parts) != nil else { return 0 }
        return Int64(parts.tm_gmtoff)
    }

    /// This moment.
    static func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }
}
