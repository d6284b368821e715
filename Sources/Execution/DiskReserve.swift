import Glibc
package import IO

/// What jobs leave free on a disk that their worker shares with the farm: it is for the farm's queue and logs.
package struct DiskReserve: Codable, Sendable, Equatable {
    /// A directory on that disk.
    package var path: String
    /// Bytes that stay free.
    package var bytes: Int64

    package init(path: String, bytes: Int64) {
        self.path = path
        self.bytes = bytes
    }

    /// The reserve of the file system that `place`, a directory of the farm, is on; nil where none of `directories` is on
    /// it. Blocks.
    package init?(bytes: Int64, of place: String, sharedBy directories: [String]) {
        guard bytes > 0, let device = Self.device(place),
            let shared = directories.first(where: { Self.device($0) == device })
        else { return nil }
        self.init(path: shared, bytes: bytes)
    }

    /// Whether less than the reserve is left once so many more bytes are written. Blocks.
    package func isBroken(by more: Int64 = 0) throws(IOError) -> Bool {
        var facts = statvfs()
        guard statvfs(path, &facts) == 0 else { throw IOError(system: errno, "statvfs", path) }
        let (free, overflow) = UInt64(facts.f_bavail).multipliedReportingOverflow(by: UInt64(facts.f_frsize))
        return isBroken(by: more, free: overflow ? .max : Int64(clamping: free))
    }

    /// The same of a disk that has so many bytes left.
    func isBroken(by more: Int64, free: Int64) -> Bool {
        let (left, overflow) = free.subtractingReportingOverflow(max(0, more))
        return overflow || left < bytes
    }

    /// What a job is told that may write no more.
    package var words: String {
        "\(bytes >> 20) MiB of that disk are kept free for the queue and the logs of the farm (store-reserve)"
    }

    /// One that cannot be looked at is no shared one.
    private static func device(_ path: String) -> UInt64? {
        var facts = stat()
        return stat(path, &facts) == 0 ? UInt64(facts.st_dev) : nil
    }
}
