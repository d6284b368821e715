/// A moment, in milliseconds since 1970-01-01T00:00:00Z.
package struct Timestamp: Codable, Sendable, Hashable, Comparable {
    package let milliseconds: Int64

    package init(milliseconds: Int64) { self.milliseconds = milliseconds }

    package init(from decoder: any Decoder) throws {
        milliseconds = try decoder.singleValueContainer().decode(Int64.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(milliseconds)
    }

    package static func < (a: Timestamp, b: Timestamp) -> Bool { a.milliseconds < b.milliseconds }

    /// The moment `duration` later; the last or first moment there is where the sum would be beyond it.
    package func advanced(by duration: Duration) -> Timestamp {
        let (seconds, attoseconds) = duration.components
        let (whole, isTooLong) = seconds.multipliedReportingOverflow(by: 1000)
        let (sum, isOver) = milliseconds.addingReportingOverflow(whole)
        let (moment, isBeyond) = sum.addingReportingOverflow(attoseconds / 1_000_000_000_000_000)
        guard isTooLong || isOver || isBeyond else { return Timestamp(milliseconds: moment) }
        return Timestamp(milliseconds: duration < .zero ? .min : .max)
    }

    /// How long after `earlier` this moment is; negative when it is before it. A `Duration` holds any difference.
    package func since(_ earlier: Timestamp) -> Duration {
        .milliseconds(milliseconds) - .milliseconds(earlier.milliseconds)
    }
}
