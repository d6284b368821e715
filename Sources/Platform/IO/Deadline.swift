import Glibc

/// A moment on the monotonic clock (CLOCK_MONOTONIC, clock_gettime(2)) by which something must have happened.
///
/// It is a moment and not a span, so that one deadline can be handed down through every wait of an operation.
package struct Deadline: Sendable, Hashable, Comparable {
    /// Nanoseconds on the monotonic clock; `Int64.max` means never.
    package let nanoseconds: Int64

    /// The deadline at that reading of the monotonic clock, in nanoseconds.
    package init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    /// Waits for ever. Only for waits that something else is sure to end: cancellation, a peer, a process.
    package static let never = Deadline(nanoseconds: .max)

    /// This moment: whatever is not ready at once is late.
    package static var now: Deadline {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Deadline(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    /// The moment `span` from now; a span too long for the clock means never.
    package static func `in`(_ span: Duration) -> Deadline {
        now.advanced(by: span)
    }

    /// The moment `span` after this one; never stays never.
    package func advanced(by span: Duration) -> Deadline {
        guard self != .never else { return .never }
        let (seconds, attoseconds) = span.components
        let (whole, tooLong) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, over) = nanoseconds.addingReportingOverflow(whole)
        let (moment, beyond) = sum.addingReportingOverflow(attoseconds / 1_000_000_000)
        return tooLong || over || beyond ? .never : Deadline(nanoseconds: moment)
    }

    /// How long there is from now, never negative; nil when there is no end.
    package var remaining: Duration? {
        guard self != .never else { return nil }
        return .nanoseconds(max(0, nanoseconds - Deadline.now.nanoseconds))
    }

    /// Whether the moment has come.
    package var hasPassed: Bool {
        self != .never && nanoseconds <= Deadline.now.nanoseconds
    }

    /// The earlier moment comes first.
    package static func < (left: Deadline, right: Deadline) -> Bool {
        left.nanoseconds < right.nanoseconds
    }
}
