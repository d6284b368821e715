/// How much of the disk artifacts may take: what is kept free is for the queue and the logs, which else could not even note
/// that an artifact did not fit.
package struct StoreRoom: Sendable, Equatable {
    /// What the disk has left, in bytes.
    package let free: Int64
    /// What artifacts leave free, in bytes.
    package let reserve: Int64

    /// Room by its parts.
    package init(free: Int64, reserve: Int64) { (self.free, self.reserve) = (free, reserve) }

    /// What is kept free on a disk unless the operator says otherwise: a sixteenth of it, at least 8 MiB and at most 1 GiB;
    /// never more than a quarter of a small disk.
    package static func standardReserve(ofDisk bytes: Int64) -> Int64 {
        min(bytes / 4, min(1 << 30, max(8 << 20, bytes / 16)))
    }

    /// A number of bytes for people, in MiB where that says enough.
    package static func words(_ bytes: Int64) -> String { bytes < 1 << 20 ? "\(bytes) bytes" : "\(bytes >> 20) MiB" }

    /// Whether more bytes can be taken.
    package enum Verdict: Sendable, Equatable {
        /// They fit now, beside what others have announced.
        case fits
        /// They could, if what others have announced did not come, or once it is known what came.
        case later
        /// They cannot, whatever becomes of the others.
        case never
    }

    /// Whether so many more bytes can be taken, beside those that others have announced.
    package func verdict(on bytes: Int64, beside announced: Int64) -> Verdict {
        if fits(bytes, beside: announced) { return .fits }
        return fits(bytes, beside: 0) ? .later : .never
    }

    /// Whether so many more bytes fit, beside those that others have announced.
    package func fits(_ bytes: Int64, beside announced: Int64) -> Bool {
        // Nothing here is negative, so that only the subtraction from what is free may go below zero.
        let (left, overflow) = free.subtractingReportingOverflow(reserve)
        guard !overflow, left >= 0, announced <= left else { return false }
        return bytes <= left - announced
    }

    /// Whether less is free than artifacts leave free.
    package var isShort: Bool { free < reserve }
}
