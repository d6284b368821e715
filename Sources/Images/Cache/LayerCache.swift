import Archive
package import FactoryProtocol
import Glibc
package import IO
import JSON

/// The layers that are kept on a worker, by key: `trees/<key>/{tree/,blob,layer.json}`.
///
/// Safe for many jobs at once: a lock file a key (`trees/.locks/<key>`) is held shared by who uses a layer and exclusive
/// by who makes or removes it, and falls with its holder however that ends. A layer appears by one rename, after
/// everything in it reached the disk; a directory whose `layer.json` is missing or cannot be read is no layer. `trees/.diff-ids/<hex>.<revision>`
/// leads from the hash of a tar to its key. Each sweep removes the lock files and links that belong to no layer.
package struct LayerCache: Sendable {
    /// What a claim gives.
    package enum Claim: Sendable {
        /// The layer is there.
        case found(CachedLayer)
        /// It is not, and this caller is the one to make it.
        case make(LayerDraft)
    }

    /// The directory, `<worker root>/trees`.
    package let directory: String
    /// Bytes, roughly, above which layers that nobody uses are removed, the longest unused first.
    package let limit: Int64

    /// What the trees are made with: deletions look different in a user namespace.
    let privilege: Privilege

    /// Ten systems or so; on a small disk half of it.
    private static let usualLimit: Int64 = 40 << 30

    /// A cache in `directory`, which is made when missing. Without a limit it is 40 GiB, on a disk of less than twice
    /// that half of the disk.
    package init(directory: String, limit: Int64? = nil) throws(ImageError) {
        self.directory = directory
        privilege = try Privilege.current()
        // Only for this user: trees hold set-id programs and device nodes.
        try ImageError.wrapping { () throws(IOError) in try Directory.make(directory, mode: 0o700) }
        // Also where somebody made it before: the agent, or an administrator by hand.
        guard chmod(directory, 0o700) == 0 else { throw ImageError(system: errno, "make \(directory) private") }
        for name in [".locks", ".drafts", ".diff-ids"] {
            try ImageError.wrapping { () throws(IOError) in try Directory.make(directory + "/" + name) }
        }
        if let limit {
            self.limit = limit
        } else {
            let disk = try ImageError.wrapping { () throws(IOError) in try FileSystemRoom(of: directory) }
            self.limit = min(Self.usualLimit, disk.total / 2)
        }
    }

    /// The layer of a key, or the task of making it. While another job makes it, this waits for the result.
    ///
    /// - Parameters:
    ///   - key: what the layer is found by.
    ///   - again: makes it even when it is there. A layer in use is not replaced; the new one gets a name of its own
    ///     then, and is found by its diff id only.
    ///   - deadline: when to give up waiting for another job.
    /// - Returns: the layer, held, or a draft.
    /// - Throws: `busy` at the deadline, `cancelled`, `fileOperation`.
    package func claim(
        _ key: LayerKey, again: Bool = false, until deadline: Deadline
    ) async throws(ImageError) -> Claim {
        if again { return .make(try freeDraft(key)) }
        while true {
            if let layer = try await find(key, until: deadline) { return .found(layer) }
            do throws(ImageError) {
                let draft = try draft(key)
                guard try facts(of: key) != nil else { return .make(draft) }
                // Made by another job between the look and the lock.
                try await draft.discard()
            } catch {
                guard error.code == .busy, !deadline.hasPassed else { throw error }
                // Its maker has it; the shared lock of the next look waits until that one is done.
                do throws(IOError) { try await Poller.shared.sleep(until: .in(.milliseconds(50))) } catch {
                    throw ImageError(error)
                }
            }
        }
    }

    /// The task of making a layer again that is not what it should be.
    ///
    /// - Parameter layer: the one to be replaced; this gives it up. While another job uses it, the new one gets a name of
    ///   its own.
    /// - Returns: a draft.
    /// - Throws: `busy`, `fileOperation`.
    package func remake(_ layer: CachedLayer) throws(ImageError) -> LayerDraft {
        layer.giveUp()
        return try freeDraft(layer.key)
    }

    /// The layer of a key, held; nil when it is not kept, or is damaged. Waits while it is being made or removed.
    package func find(_ key: LayerKey, until deadline: Deadline) async throws(ImageError) -> CachedLayer? {
        let lock: LockFile
        do throws(IOError) {
            lock = try await LockFile.acquire(lockPath(key), .shared, until: deadline)
        } catch {
            throw ImageError(error)
        }
        return try held(key, lock)
    }

    /// The layer whose tar has that hash, held; nil when none is kept.
    package func find(diffID: Digest, until deadline: Deadline) async throws(ImageError) -> CachedLayer? {
        guard let key = try Self.key(ofLink: linkPath(diffID)),
            let layer = try await find(key, until: deadline)
        else { return nil }
        return layer.facts.diffID == diffID ? layer : nil
    }

    /// Removes what killed jobs left half made, layers that are damaged, and layers beyond the limit.
    package func sweep() async throws(ImageError) { try await sweep(to: limit) }

    /// Removes what killed jobs left half made, and every layer that nobody uses.
    package func makeRoom() async throws(ImageError) { try await sweep(to: 0) }

    private func sweep(to limit: Int64) async throws(ImageError) {
        let cache = self
        try await OwnThread.run("cache-sweep") { () throws(ImageError) in
            for entry in try ImageError.wrapping({ () throws(IOError) in try Directory.entries(cache.drafts) }) {
                guard let lock = try cache.tryLock(LayerKey(name: entry.name)) else { continue }
                try ImageError.wrapping { () throws(IOError) in try Directory.remove(cache.drafts + "/" + entry.name) }
                lock.release()
            }
            try Eviction(cache: cache, limit: limit).run()
        }
    }

    // MARK: Places

    var drafts: String { directory + "/.drafts" }
    var locks: String { directory + "/.locks" }
    var links: String { directory + "/.diff-ids" }
    func path(of key: LayerKey) -> String { directory + "/" + key.name }
    func factsPath(of key: LayerKey) -> String { path(of: key) + "/layer.json" }
    func lockPath(_ key: LayerKey) -> String { locks + "/" + key.name }
    func linkPath(_ diffID: Digest) -> String { links + "/" + diffID.hex + form }
    /// The key of a layer of which only the tar is known.
    func key(_ diffID: Digest) -> LayerKey { LayerKey(name: "layer-" + diffID.hex + form) }
    /// Deletions look different in a user namespace, and what an older revision unpacked is not used.
    private var form: String { ".\(LayerWriter.revision)" + (privilege == .root ? "" : ".user") }
    /// Held shared from the rename of a new layer until it has its shared lock and its link, and exclusive by who removes
    /// layers, links and lock files. It is never removed.
    var evictionLock: String { locks + "/.eviction" }

    // MARK: Making

    /// The exclusive lock of a key, or nil when somebody uses it.
    func tryLock(_ key: LayerKey) throws(ImageError) -> LockFile? {
        do throws(IOError) {
            return try LockFile.acquire(lockPath(key))
        } catch {
            if error.code == .locked { return nil }
            throw ImageError(error)
        }
    }

    private func draft(_ key: LayerKey) throws(ImageError) -> LayerDraft {
        guard let lock = try tryLock(key) else {
            throw ImageError(.busy, .worker, "the layer \(key) is being made by another job")
        }
        return try draft(key, lock)
    }

    private func draft(_ key: LayerKey, _ lock: LockFile) throws(ImageError) -> LayerDraft {
        let draft = drafts + "/" + key.name
        try ImageError.wrapping { () throws(IOError) in
            try Directory.remove(draft)
            // It becomes `/` of an image.
            try Directory.make(draft + "/tree", exactMode: 0o755)
            try Directory.make(draft + "/work")
        }
        return LayerDraft(key: key, directory: draft, cache: self, lock: lock)
    }

    /// A draft of the key itself when nobody uses its layer, else of one beside it.
    private func freeDraft(_ key: LayerKey) throws(ImageError) -> LayerDraft {
        for number in 0..<1000 {
            let candidate = number == 0 ? key : LayerKey(name: "\(key.name).\(number)")
            if let lock = try tryLock(candidate) { return try draft(candidate, lock) }
        }
        throw ImageError(.busy, .worker, "a thousand jobs use the layer \(key)")
    }

    /// The new layer, held: its exclusive lock becomes a shared one, and nobody can remove it in between.
    func published(_ key: LayerKey, _ facts: LayerFacts, _ lock: LockFile) async throws(ImageError) -> CachedLayer {
        do throws(IOError) {
            let guardian = try await LockFile.acquire(evictionLock, .shared, until: .in(.seconds(60)))
            lock.release()
            let shared = try await LockFile.acquire(lockPath(key), .shared, until: .in(.seconds(60)))
            try link(facts.diffID, to: key)
            guardian.release()
            return CachedLayer(key: key, facts: facts, directory: path(of: key), lock: shared)
        } catch {
            throw ImageError(error)
        }
    }

    /// The last layer with that tar counts; a link is replaced by a rename, so that it is never missing.
    private func link(_ diffID: Digest, to key: LayerKey) throws(IOError) {
        // Every job is process 2 of its own namespace, so that only chance tells two apart.
        let temporary = linkPath(diffID) + ".\(String(UInt64.random(in: .min ... .max), radix: 36))"
        guard symlink(key.name, temporary) == 0 else { throw IOError(system: errno, "link", temporary) }
        try FileIO.rename(temporary, to: linkPath(diffID))
    }

    /// The key that a link of `.diff-ids` names; nil when there is no such link.
    static func key(ofLink path: String) throws(ImageError) -> LayerKey? {
        var target = [CChar](repeating: 0, count: 512)
        let count = readlink(path, &target, target.count)
        guard count >= 0 else {
            // EINVAL: it is no link.
            if errno == ENOENT || errno == EINVAL { return nil }
            throw ImageError(system: errno, "read \(path)")
        }
        return LayerKey(name: String(decoding: target.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }

    /// What is known of the layer of a key; nil where that is missing or cannot be read: nobody can use what is there then, and
    /// it is made again.
    func facts(of key: LayerKey) throws(ImageError) -> LayerFacts? {
        let path = factsPath(of: key)
        do throws(IOError) {
            guard try FileIO.status(path)?.kind == .file else { return nil }
            let bytes = try FileIO.read(path, limit: LayerFacts.limit)
            // Why it cannot be read does not matter: a crash of the host, or another version.
            return try? StrictJSON.decode(LayerFacts.self, from: bytes)
        } catch {
            if error.code == .notFound || error.code == .tooLarge { return nil }
            throw ImageError(error)
        }
    }

    private func held(_ key: LayerKey, _ lock: LockFile) throws(ImageError) -> CachedLayer? {
        guard let facts = try facts(of: key) else {
            lock.release()
            return nil
        }
        // The time of last use, for the choice of what to remove.
        let path = factsPath(of: key)
        guard utimes(path, nil) == 0 else { throw ImageError(system: errno, "mark \(path) as used") }
        return CachedLayer(key: key, facts: facts, directory: self.path(of: key), lock: lock)
    }
}

extension FileIO {
    /// Whether something is at `path`.
    static func exists(_ path: String) throws(ImageError) -> Bool {
        try ImageError.wrapping { () throws(IOError) in try status(path) != nil }
    }
}
