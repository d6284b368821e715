/// Which waits end at which moment: insert, remove and the earliest moment, each at the cost of a dictionary access.
///
/// Moments are rounded up to a grain that grows with the distance, so that ten thousand waits a second with deadlines
/// of a minute share a few thousand buckets. A wait can end late by one grain, never early.
struct TimerBuckets {
    private var buckets: [Int64: Set<UInt64>] = [:]
    // A binary heap of the moments that have a bucket, earliest first. An emptied bucket stays until its moment comes.
    private var heap: [Int64] = []

    /// The earliest moment of a bucket, in nanoseconds.
    var next: Int64? { heap.first }

    /// Puts the wait `id` into the bucket for `moment` and returns the bucket's moment, which `remove` needs.
    mutating func insert(_ id: UInt64, at moment: Int64, now: Int64) -> Int64 {
        let bucket = Self.rounded(moment, now: now)
        if buckets[bucket] == nil { push(bucket) }
        buckets[bucket, default: []].insert(id)
        return bucket
    }

    /// Takes the wait `id` out of the bucket at that moment.
    mutating func remove(_ id: UInt64, from bucket: Int64) {
        buckets[bucket]?.remove(id)
    }

    /// Removes and returns all waits whose moment has come by `now`.
    mutating func expire(now: Int64) -> [UInt64] {
        var expired: [UInt64] = []
        while let first = heap.first, first <= now {
            popFirst()
            expired += buckets.removeValue(forKey: first) ?? []
        }
        return expired
    }

    /// 4 ms within ten seconds, 64 ms within five minutes, a second beyond.
    private static func rounded(_ moment: Int64, now: Int64) -> Int64 {
        let distance = moment - now
        let grain: Int64 =
            distance < 10_000_000_000 ? 4_000_000 : distance < 300_000_000_000 ? 64_000_000 : 1_000_000_000
        let (up, over) = moment.addingReportingOverflow(grain - 1)
        return over ? moment : up / grain * grain
    }

    private mutating func push(_ moment: Int64) {
        heap.append(moment)
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            if heap[parent] <= heap[child] { return }
            heap.swapAt(parent, child)
            child = parent
        }
    }

    private mutating func popFirst() {
        let last = heap.removeLast()
        guard !heap.isEmpty else { return }
        heap[0] = last
        var parent = 0
        while true {
            let left = 2 * parent + 1
            guard left < heap.count else { return }
            let child = left + 1 < heap.count && heap[left + 1] < heap[left] ? left + 1 : left
            if heap[parent] <= heap[child] { return }
            heap.swapAt(parent, child)
            parent = child
        }
    }
}
