import FactoryProtocol
import IO

/// Removes layers that nobody uses, the longest unused first, until the cache is within its limit; and what belongs to no
/// layer.
struct Eviction {
    /// A layer as the choice sees it.
    struct Candidate: Equatable {
        let key: LayerKey
        let diffID: Digest
        let bytes: Int64
        /// Nanoseconds since 1970.
        let lastUsed: Int64
    }

    let cache: LayerCache
    /// Bytes that may stay.
    let limit: Int64

    /// What would have to go, in this order, for `limit` bytes to be enough; who uses a layer is asked when it goes.
    static func order(_ layers: [Candidate]) -> [Candidate] {
        layers.sorted { ($0.lastUsed, $0.key.name) < ($1.lastUsed, $1.key.name) }
    }

    /// Removes damaged layers, then layers beyond the limit, then links and lock files that belong to none.
    func run() throws(ImageError) {
        let guardian: LockFile
        do throws(IOError) {
            guardian = try LockFile.acquire(cache.evictionLock)
        } catch {
            // Another job is at it, or one is just handing over a new layer: it will be done next time.
            if error.code == .locked { return }
            throw ImageError(error)
        }
        defer { guardian.release() }
        var kept: [LayerKey: Digest] = [:]
        var layers: [Candidate] = []
        for key in try keys() {
            if let layer = try candidate(key) {
                layers.append(layer)
                kept[key] = layer.diffID
            } else {
                try removeDamaged(key)
            }
        }
        var bytes = layers.reduce(0) { $0 + $1.bytes }
        for layer in Self.order(layers) where bytes > limit {
            guard let lock = try cache.tryLock(layer.key) else { continue }
            defer { lock.release() }
            try remove(layer.key)
            kept[layer.key] = nil
            bytes -= layer.bytes
        }
        try removeLinks(kept)
        try removeLocks()
    }

    /// Removes a layer that nobody can use: its facts are missing or cannot be read. A job that wants it makes it again.
    private func removeDamaged(_ key: LayerKey) throws(ImageError) {
        guard let lock = try cache.tryLock(key) else { return }
        defer { lock.release() }
        // Looked at again: without the lock it may have been seen while it was replaced.
        if try candidate(key) == nil { try remove(key) }
    }

    private func remove(_ key: LayerKey) throws(ImageError) {
        // Out of its place by one rename first: half a layer must never be found under its key.
        let draft = cache.drafts + "/" + key.name
        try ImageError.wrapping { () throws(IOError) in
            guard try FileIO.status(cache.path(of: key)) != nil else { return }
            try Directory.remove(draft)
            try FileIO.rename(cache.path(of: key), to: draft)
            try Directory.remove(draft)
        }
    }

    /// Removes links that lead to no kept layer with that tar, and those that a crash left under a temporary name.
    ///
    /// Nobody makes a link meanwhile: who does holds the lock of eviction shared.
    private func removeLinks(_ kept: [LayerKey: Digest]) throws(ImageError) {
        for entry in try ImageError.wrapping({ () throws(IOError) in try Directory.entries(cache.links) }) {
            let path = cache.links + "/" + entry.name
            if let key = try LayerCache.key(ofLink: path), let diffID = kept[key], Self.isLink(entry.name, of: diffID) {
                continue
            }
            try ImageError.wrapping { () throws(IOError) in try Directory.remove(path) }
        }
    }

    /// Whether that is the name of a link: `<hex>.<revision>` or `<hex>.<revision>.user`. A temporary one has one part more.
    static func isLink(_ name: String, of diffID: Digest) -> Bool {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count), parts[0] == diffID.hex else { return false }
        return parts.count == 2 || parts[2] == "user"
    }

    /// Removes the lock files of keys of which nothing is kept and nothing is being made.
    private func removeLocks() throws(ImageError) {
        for entry in try ImageError.wrapping({ () throws(IOError) in try Directory.entries(cache.locks) }) {
            // The lock of eviction is no key's, and is never removed.
            guard !entry.name.hasPrefix(".") else { continue }
            let key = LayerKey(name: entry.name)
            // The lock is taken last: a look for a layer must not find it taken for nothing.
            guard try isUnused(key), let lock = try cache.tryLock(key) else { continue }
            defer { lock.release() }
            guard try isUnused(key) else { continue }
            try ImageError.wrapping { () throws(IOError) in try lock.remove() }
        }
    }

    private func isUnused(_ key: LayerKey) throws(ImageError) -> Bool {
        if try FileIO.exists(cache.path(of: key)) { return false }
        return try !FileIO.exists(cache.drafts + "/" + key.name)
    }

    private func keys() throws(ImageError) -> [LayerKey] {
        try ImageError.wrapping { () throws(IOError) in try Directory.entries(cache.directory) }
            .filter { $0.kind == .directory }.compactMap { LayerKey(directory: $0.name) }
    }

    /// What is kept under a key; nil when its facts are missing or cannot be read.
    private func candidate(_ key: LayerKey) throws(ImageError) -> Candidate? {
        guard let facts = try cache.facts(of: key) else { return nil }
        let status = try ImageError.wrapping { () throws(IOError) in try FileIO.status(cache.factsPath(of: key)) }
        return status.map { Candidate(key: key, diffID: facts.diffID, bytes: facts.bytes, lastUsed: $0.modified) }
    }
}
