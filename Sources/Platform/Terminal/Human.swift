/// Numbers in the words of people. The same value always gives the same words, in every locale.
package enum Human {
    /// `1 job`, `2 jobs`: a number with a noun whose plural takes an s.
    package static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

    /// Bytes in binary units with three significant digits: `0 B`, `999 B`, `1.50 KiB`, `412 MiB`.
    package static func bytes(_ count: Int64) -> String {
        guard count >= 1024 else { return "\(count) B" }
        var value = Double(count)
        var unit = 0
        let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
        // 1023.5 and more would be rounded to 1024.
        while value >= 1023.5, unit < units.count - 1 {
            value /= 1024
            unit += 1
        }
        return "\(threeDigits(value)) \(units[unit])"
    }

    /// A running clock: `0:07`, `12:34`, `1:02:03`. Negative durations are zero.
    package static func clock(_ duration: Duration) -> String {
        let seconds = max(0, duration.components.seconds)
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60)
        let tail = twoDigits(seconds % 60)
        return hours > 0 ? "\(hours):\(twoDigits(minutes)):\(tail)" : "\(minutes):\(tail)"
    }

    /// How long something took: `85 ms`, `4.2 s`, `41 s`, `2 min 05 s`, `1 h 02 min`.
    package static func duration(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        // A span may come from a peer's clock: longer ones than this are shown as this one.
        let milliseconds = min(max(0, seconds), 1_000_000_000_000) * 1000 + max(0, attoseconds) / 1_000_000_000_000_000
        switch milliseconds {
        case ..<1000: return "\(milliseconds) ms"
        case ..<9950: return "\((milliseconds + 50) / 1000).\((milliseconds + 50) / 100 % 10) s"
        case ..<60_000: return "\(milliseconds / 1000) s"
        case ..<3_600_000: return "\(milliseconds / 60_000) min \(twoDigits(milliseconds / 1000 % 60)) s"
        default: return "\(milliseconds / 3_600_000) h \(twoDigits(milliseconds / 60_000 % 60)) min"
        }
    }

    /// How long ago something was: `just now`, `3 min ago`, `2 h ago`, `5 days ago`.
    package static func ago(_ duration: Duration) -> String {
        let seconds = duration.components.seconds
        switch seconds {
        case ..<10: return "just now"
        case ..<60: return "\(seconds) s ago"
        case ..<3600: return "\(seconds / 60) min ago"
        case ..<86_400: return "\(seconds / 3600) h ago"
        case ..<172_800: return "1 day ago"
        default: return "\(seconds / 86_400) days ago"
        }
    }

    private static func threeDigits(_ value: Double) -> String {
        let decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0
        let scale = decimals == 2 ? 100.0 : decimals == 1 ? 10.0 : 1.0
        let scaled = Int64((value * scale).rounded())
        guard decimals > 0 else { return "\(scaled)" }
        let fraction = String(scaled % Int64(scale))
        return "\(scaled / Int64(scale))." + String(repeating: "0", count: decimals - fraction.count) + fraction
    }

    private static func twoDigits(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
