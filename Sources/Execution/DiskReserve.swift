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

    /// How many bytes the disk has left beyond the reserve; fewer than none where it is broken. Blocks.
    package func room() throws(IOError) -> Int64 {
        room(free: try FileSystemRoom(of: path).free)
    }

    /// The same of a disk that has so many bytes left.
    func room(free: Int64) -> Int64 {
        // What is left is never negative, so that only a difference below zero could overflow.
        max(0, free) - max(0, bytes)
    }

    /// How long nobody needs to look again with so much room: what writes a gibibyte a second does not use it up meanwhile,
    /// but for the last ten mebibytes.
    static func pause(room: Int64) -> Duration {
        let (shortest, longest) = (Duration.milliseconds(10), Duration.milliseconds(250))
        return max(shortest, min(longest, .milliseconds(max(0, room) >> 20)))
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
