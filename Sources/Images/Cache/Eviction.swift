import FactoryProtocol
import Glibc
import IO
import JSON

/// Removes layers that nobody uses, the longest unused first, until the cache is within its limit.
struct Eviction {
    /// A layer as the choice sees it.
    struct Candidate: Equatable {
        let key: LayerKey
        let diffID: Digest?
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
        let layers = try layers()
        var bytes = layers.reduce(0) { $0 + $1.bytes }
        for layer in Self.order(layers) where bytes > limit {
            guard let lock = try cache.tryLock(layer.key) else { continue }
            defer { lock.release() }
            try remove(layer)
            bytes -= layer.bytes
        }
    }

    private func remove(_ layer: Candidate) throws(ImageError) {
        // Out of its place by one rename first: half a layer must never be found under its key.
        let draft = cache.drafts + "/" + layer.key.name
        try ImageError.wrapping { () throws(IOError) in
            try Directory.remove(draft)
            try FileIO.rename(cache.path(of: layer.key), to: draft)
            try Directory.remove(draft)
        }
        guard let diffID = layer.diffID else { return }
        var target = [CChar](repeating: 0, count: 512)
        let count = readlink(cache.linkPath(diffID), &target, target.count)
        let name = String(decoding: target.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        if name == layer.key.name {
            try ImageError.wrapping { () throws(IOError) in try FileIO.removeFile(cache.linkPath(diffID)) }
        }
    }

    private func layers() throws(ImageError) -> [Candidate] {
        let entries = try ImageError.wrapping { () throws(IOError) in try Directory.entries(cache.directory) }
        var found: [Candidate] = []
        for entry in entries where entry.kind == .directory && !entry.name.hasPrefix(".") {
            let path = cache.directory + "/" + entry.name + "/layer.json"
            let status = try ImageError.wrapping { () throws(IOError) in try FileIO.status(path) }
            guard let status else { continue }
            let bytes = try ImageError.wrapping { () throws(IOError) in try FileIO.read(path, limit: 1 << 20) }
            // Facts that cannot be read are those of an older version: such a layer goes when its turn comes.
            let facts = try? StrictJSON.decode(LayerFacts.self, from: bytes)
            found.append(
                Candidate(
                    key: LayerKey(name: entry.name), diffID: facts?.diffID, bytes: facts?.bytes ?? 0,
                    lastUsed: status.modified))
        }
        return found
    }
}
