/// What the blobs take on the disk, counted once and kept up to date from then on.
struct StoreUsage: Sendable, Equatable {
    /// In bytes; nil while nobody has counted.
    private(set) var bytes: Int64?
    /// How often a blob came or went.
    private(set) var changes = 0

    /// A blob came, went or was replaced. Only together with that, under one lock.
    mutating func change(by difference: Int64) {
        changes &+= 1
        // Sizes of files: the sum is no larger than a disk. One removed by hand is subtracted by nobody, or twice.
        bytes = bytes.map { max(0, $0 + difference) }
    }

    /// All blobs were looked at, begun when there were so many changes. What changed since then may have been seen or not:
    /// then it does not count, and the next one counts again.
    mutating func counted(_ bytes: Int64, since changes: Int) {
        if changes == self.changes { self.bytes = bytes }
    }
}
