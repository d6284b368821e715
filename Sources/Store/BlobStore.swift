import Crypto
package import FactoryProtocol
import Glibc
package import IO

/// Blobs by what they are: `blobs/sha256/<hex>`, as in an OCI layout.
///
/// A blob appears under its name only when all of its bytes are on the disk and were hashed here, whatever stopped the
/// daemon. Blobs are read-only, and nobody changes them but a failing disk: see ``verify(_:)``.
package final class BlobStore: Sendable {
    /// The folder of the store.
    package let root: String
    /// Uploads that a request is writing to.
    let writing = Locked<Set<String>>([])
    /// How many bytes of each upload are still to come.
    let announced = Locked<[String: Int64]>([:])
    /// What artifacts leave free on the disk, in bytes; nil for ``StoreRoom/standardReserve(ofDisk:)``.
    private let reserve: Int64?
    /// When each blob was asked for last.
    let wanted = Locked<[Digest: ContinuousClock.Instant]>([:])
    let threads: BlockingThreads
    /// What the blobs take.
    let used = Locked(StoreUsage())
    /// Blobs that are being taken away. Guarded by the lock of `wanted` as well, which is taken first.
    let leaving = Locked<Set<Digest>>([])
    private let onDamage: @Sendable (_ digest: Digest, _ setAside: String) -> Void

    /// Takes the folder of the store and makes what is missing in it.
    ///
    /// `reserve` is what artifacts leave free on the disk, in bytes; nil for ``StoreRoom/standardReserve(ofDisk:)``.
    /// `threads` write what is uploaded. `onDamage` is told of each blob whose bytes were found to be wrong, and where its
    /// file is now.
    package init(
        root: String, reserve: Int64? = nil, threads: BlockingThreads = .disk,
        onDamage: @escaping @Sendable (_ digest: Digest, _ setAside: String) -> Void = { _, _ in }
    ) throws(StoreError) {
        (self.root, self.reserve, self.threads, self.onDamage) = (root, reserve, threads, onDamage)
        do throws(IOError) {
            for folder in ["blobs/sha256", "uploads", "incoming", "trash"] {
                try Directory.make(root + "/" + folder, mode: 0o750)
            }
        } catch {
            throw StoreError(error)
        }
    }

    /// Where a blob is, or would be.
    package func path(of digest: Digest) -> String { root + "/blobs/sha256/" + digest.hex }

    /// The length of a blob in bytes; nil when it is not here.
    package func size(of digest: Digest) throws(StoreError) -> Int64? {
        do throws(IOError) {
            return try FileIO.status(path(of: digest)).map { Int64($0.size) }
        } catch {
            throw StoreError(error)
        }
    }

    /// The length of a blob in bytes; nil when it is not here. Asked on a thread that may wait for the disk.
    func askSize(of digest: Digest) async throws(StoreError) -> Int64? {
        try await threads.run { () throws(StoreError) in try self.size(of: digest) }
    }

    /// Whether a blob is here to stay: for those that are about to refer to it. One that cannot be looked at counts as
    /// missing: it is made or delivered again then. So does one that has not the size that is known of it.
    package func holds(_ digest: Digest, size known: Int64? = nil) -> Bool {
        guard !leaving.withLock({ $0.contains(digest) }) else { return false }
        do throws(StoreError) {
            guard let size = try size(of: digest) else { return false }
            return known == nil || size == known
        } catch {
            return false
        }
    }

    /// Opens a blob for reading, on a thread that may wait for the disk.
    func openForReading(_ digest: Digest) async throws(StoreError) -> (file: Descriptor, size: Int64) {
        try await threads.run { () throws(StoreError) in try self.open(digest) }
    }

    /// Opens a blob for reading. Blocks.
    package func open(_ digest: Digest) throws(StoreError) -> (file: Descriptor, size: Int64) {
        // Before it is opened, so that it is not taken away between; not for what is not here, which anybody can name.
        if try size(of: digest) != nil { ask(for: digest) }
        do throws(IOError) {
            let file = try FileIO.open(path(of: digest), O_RDONLY)
            return (file, Int64(try FileIO.status(of: file).size))
        } catch {
            guard error.code == .notFound else { throw StoreError(error) }
            throw missing(digest)
        }
    }

    /// Hashes a blob again. One that is no longer what it is called is set aside as `<hex>.corrupt`, so that it is made
    /// again instead of handed out; `damaged-blob` is thrown then.
    package func verify(_ digest: Digest) async throws(StoreError) {
        let path = path(of: digest)
        let before: FileIO.Status?
        do throws(IOError) {
            before = try await threads.run { () throws(IOError) in try FileIO.status(path) }
        } catch {
            throw StoreError(error)
        }
        guard let before else { throw missing(digest) }
        let actual = try await hash(path)
        guard actual != digest else { return }
        let isSetAside: Bool
        do throws(IOError) {
            isSetAside = try await threads.run { [used] () throws(IOError) in
                try used.withLock { (used) throws(IOError) in
                    // Another file by now: it was delivered again, or set aside, while this one was hashed.
                    guard let now = try FileIO.status(path), now.inode == before.inode else { return false }
                    // The one that is replaced does not count any more.
                    let older = Int64(try FileIO.status(path + ".corrupt")?.size ?? 0)
                    try FileIO.rename(path, to: path + ".corrupt")
                    used.change(by: -older)
                    return true
                }
            }
        } catch {
            throw StoreError(error)
        }
        if isSetAside { onDamage(digest, path + ".corrupt") }
        throw damaged(digest)
    }

    /// Whether a blob is here and its bytes are right: for who would deliver it otherwise. A damaged one is set aside.
    func isSound(_ digest: Digest) async throws(StoreError) -> Bool {
        guard try await askSize(of: digest) != nil else { return false }
        do throws(StoreError) {
            try await verify(digest)
            return true
        } catch {
            guard error.code == .damaged || error.code == .notFound else { throw error }
            // Set aside; or another attempt has delivered it meanwhile, whose bytes were hashed then.
            return try await askSize(of: digest) != nil
        }
    }

    private func missing(_ digest: Digest) -> StoreError {
        // What cannot be looked at is not known to be damaged.
        let isSetAside = (try? FileIO.status(path(of: digest) + ".corrupt")) != nil
        return isSetAside ? damaged(digest) : StoreError(.notFound, "the store has no \(digest)")
    }

    private func damaged(_ digest: Digest) -> StoreError {
        StoreError(
            .damaged,
            "the store's copy of \(digest) is damaged and was set aside as \(path(of: digest)).corrupt; submit the build "
                + "again, and it is made anew")
    }

    /// What the blobs take, and what the disk has left, in bytes. Quick, but for the first call after the start, which looks
    /// at every blob; blocks. What an operator removes by hand is noticed by the next ``unused(for:)``.
    package func usage() throws(StoreError) -> (used: Int64, free: Int64) {
        let free = try room().free
        if let bytes = used.withLock({ $0.bytes }) { return (bytes, free) }
        let changes = used.withLock { $0.changes }
        var bytes: Int64 = 0
        do throws(IOError) {
            for entry in try Directory.entries(blobs) {
                // A blob removed meanwhile takes nothing.
                bytes += Int64(try FileIO.status(blobs + "/" + entry.name)?.size ?? 0)
            }
        } catch {
            throw StoreError(error)
        }
        used.withLock { $0.counted(bytes, since: changes) }
        return (bytes, free)
    }

    /// The folder of the blobs.
    var blobs: String { root + "/blobs/sha256" }

    /// Notes how many bytes are to come under a key, when they fit beside the reserve and what others have announced.
    ///
    /// `what` begins the refusal. Throws `disk-full`, or `room-taken` when only what others have announced is in the way.
    func announce(_ bytes: Int64, as key: String, _ what: String) async throws(StoreError) {
        let room = try await threads.run { () throws(StoreError) in try self.room() }
        let (verdict, others) = announced.withLock { announced in
            // Each of them fitted, so the sum is no larger than a disk.
            let others = announced.reduce(0) { $1.key == key ? $0 : $0 + $1.value }
            let verdict = room.verdict(on: bytes, beside: others)
            if verdict == .fits { announced[key] = bytes }
            return (verdict, others)
        }
        switch verdict {
        case .fits: return
        case .later:
            throw StoreError(
                .roomTaken,
                "\(what) do not fit yet: \(StoreRoom.words(others)) of the \(StoreRoom.words(room.free)) that are free are "
                    + "announced by uploads under way, and \(StoreRoom.words(room.reserve)) are kept for the queue and the "
                    + "logs. Try again when those have ended")
        case .never:
            throw StoreError(
                .diskFull,
                "\(what) do not fit: \(StoreRoom.words(room.free)) are free in \(root), and "
                    + "\(StoreRoom.words(room.reserve)) of them are kept for the queue and the logs")
        }
    }

    /// What the disk has left, and what artifacts leave free of it. Quick: it looks at no blob.
    package func room() throws(StoreError) -> StoreRoom {
        do throws(IOError) {
            let disk = try FileSystemRoom(of: root)
            return StoreRoom(free: disk.free, reserve: reserve ?? StoreRoom.standardReserve(ofDisk: disk.total))
        } catch {
            throw StoreError(error)
        }
    }

    func hash(_ path: String) async throws(StoreError) -> Digest {
        do throws(CryptoError) {
            return Digest(hash: try await SHA256.hash(file: path))
        } catch {
            throw StoreError(error)
        }
    }
}
