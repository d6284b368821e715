/// Moments as text, in UTC: what images (RFC 3339) and Debian archives (RFC 5322's form, "UTC" at the end) carry.
package enum CalendarTime {
    /// `2026-11-25T02:03:04Z`.
    package static func text(_ seconds: Int64) -> String {
        // Years have four digits: RFC 3339 has no others.
        let seconds = min(max(seconds, -62_135_596_800), 253_402_300_799)
        let days = floorDivision(seconds, 86_400)
        let rest = seconds - days * 86_400
        let (year, month, day) = civil(days)
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let years = String(repeating: "0", count: max(0, 4 - "\(year)".count)) + "\(year)"
        return "\(years)-\(two(month))-\(two(day))T\(two(rest / 3600)):\(two(rest / 60 % 60)):\(two(rest % 60))Z"
    }

    /// Seconds since 1970 of `2026-11-25T02:03:04.5+01:00` (RFC 3339, section 5.6; fractions are dropped); nil when it
    /// is none.
    package static func seconds(rfc3339 text: String) -> Int64? {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, let day = days(bytes, year: 0, month: 5, day: 8),
            let hour = number(bytes, 11, 2), let minute = number(bytes, 14, 2), let second = number(bytes, 17, 2),
            hour < 24, minute < 60, second <= 60
        else { return nil }
        var rest = bytes.dropFirst(19)
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst().drop { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        }
        let local = day * 86_400 + hour * 3600 + minute * 60 + second
        if rest.count == 1, rest.first.map({ $0 | 0x20 }) == UInt8(ascii: "z") { return local }
        let zone = Array(rest)
        guard zone.count == 6, let hours = number(zone, 1, 2), let minutes = number(zone, 4, 2) else { return nil }
        switch zone[0] {
        case UInt8(ascii: "+"): return local - hours * 3600 - minutes * 60
        case UInt8(ascii: "-"): return local + hours * 3600 + minutes * 60
        default: return nil
        }
    }

    /// Seconds since 1970 of `Sat, 06 Sep 2025 09:24:17 UTC`, as Release files have it; nil when it is none.
    package static func seconds(releaseDate text: String) -> Int64? {
        let words = text.split(separator: " ")
        let names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        guard words.count == 6, words[5] == "UTC" || words[5] == "+0000" || words[5] == "GMT",
            let day = Int64(words[1]), let month = names.firstIndex(of: String(words[2])), let year = Int64(words[3]),
            (1...31).contains(day), (1970...9999).contains(year)
        else { return nil }
        let clock = words[4].split(separator: ":").compactMap { Int64($0) }
        guard clock.count == 3, (0..<24).contains(clock[0]), (0..<60).contains(clock[1]), (0...60).contains(clock[2])
        else { return nil }
        return days(year, Int64(month) + 1, day) * 86_400 + clock[0] * 3600 + clock[1] * 60 + clock[2]
    }

    private static func number(_ bytes: [UInt8], _ start: Int, _ count: Int) -> Int64? {
        guard bytes.count >= start + count else { return nil }
        return Int64(String(decoding: bytes[start..<start + count], as: UTF8.self))
    }

    private static func days(_ bytes: [UInt8], year: Int, month: Int, day: Int) -> Int64? {
        guard let years = number(bytes, year, 4), let months = number(bytes, month, 2),
            let days = number(bytes, day, 2),
            (1...12).contains(months), (1...31).contains(days)
        else { return nil }
        return Self.days(years, months, days)
    }

    /// Days since 1970-01-01 in the Gregorian calendar; years begin in March, so that leap days come last.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = floorDivision(shifted, 400)
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func civil(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = floorDivision(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth + (shiftedMonth < 10 ? 3 : -9)
        return (
            yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        )
    }

    private static func floorDivision(_ a: Int64, _ b: Int64) -> Int64 { a >= 0 ? a / b : (a - b + 1) / b }
}
