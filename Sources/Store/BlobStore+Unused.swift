package import FactoryProtocol
import Glibc
import IO

/// Removing blobs that nobody refers to. Whether anybody does only the queue knows; here is what makes it safe: a blob
/// that came or was asked for lately stays, because whoever has seen it here does not deliver it again.
extension BlobStore {
    /// Blobs that came longer than `age` ago and that nobody asked for since then, or since this start. Blocks.
    package func unused(for age: Duration) throws(StoreError) -> [Digest] {
        forgetRequests(before: .now - age)
        var clock = timespec()
        clock_gettime(CLOCK_REALTIME, &clock)
        let oldest = Int64(clock.tv_sec) - age.components.seconds
        let changes = used.withLock { $0.changes }
        var bytes: Int64 = 0
        do throws(IOError) {
            var found: [Digest] = []
            for entry in try Directory.entries(blobs) {
                let path = blobs + "/" + entry.name
                var status = stat()
                guard lstat(path, &status) == 0 else {
                    if errno == ENOENT { continue }
                    throw IOError(system: errno, "stat", path)
                }
                bytes += Int64(status.st_size)
                // What is set aside as corrupt has no name of a blob, and is the operator's.
                guard let digest = Digest(sha256: entry.name), !isWanted(digest) else { continue }
                // The change of the status is the rename that made it a blob; the content may be older.
                if Int64(status.st_ctim.tv_sec) < oldest { found.append(digest) }
            }
            used.withLock { $0.counted(bytes, since: changes) }
            return found.sorted()
        } catch {
            throw StoreError(error)
        }
    }

    /// Marks blobs that are to be taken away, but those that somebody asked for: from now on they do not count as stored.
    ///
    /// - Returns: Those that are marked. Each must go to ``discard(_:)`` or ``keep(_:)``.
    package func leave(_ digests: [Digest]) -> [Digest] {
        wanted.withLock { wanted in
            let free = digests.filter { wanted[$0] == nil }
            leaving.withLock { $0.formUnion(free) }
            return free
        }
    }

    /// Takes the marks away again.
    package func keep(_ digests: [Digest]) { leaving.withLock { $0.subtract(digests) } }

    /// Takes marked blobs away, but those that somebody has asked for since then. Quick: their bytes go with
    /// ``emptyTrash()``.
    package func discard(_ digests: [Digest]) throws(StoreError) {
        defer { keep(digests) }
        do throws(IOError) {
            for digest in digests {
                try wanted.withLock { (wanted) throws(IOError) in
                    guard wanted[digest] == nil, leaving.withLock({ $0.contains(digest) }) else { return }
                    try used.withLock { (used) throws(IOError) in
                        guard let status = try FileIO.status(path(of: digest)) else { return }
                        try FileIO.rename(path(of: digest), to: trash + "/" + digest.hex)
                        used.change(by: -Int64(status.size))
                    }
                }
            }
        } catch {
            throw StoreError(error)
        }
    }

    /// Frees what was taken away, also before a crash. Blocks.
    package func emptyTrash() throws(StoreError) {
        do throws(IOError) {
            for entry in try Directory.entries(trash) { try Directory.remove(trash + "/" + entry.name) }
        } catch {
            throw StoreError(error)
        }
    }

    /// Somebody asks for a blob, and may count on it from now on.
    func ask(for digest: Digest) {
        wanted.withLock { wanted in
            wanted[digest] = .now
            leaving.withLock { _ = $0.remove(digest) }
        }
    }

    private var trash: String { root + "/trash" }

    private func isWanted(_ digest: Digest) -> Bool { wanted.withLock { $0[digest] != nil } }

    private func forgetRequests(before oldest: ContinuousClock.Instant) {
        wanted.withLock { wanted in wanted = wanted.filter { $0.value >= oldest } }
    }
}
