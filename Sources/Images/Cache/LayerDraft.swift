package import Archive
import CLinux
import FactoryProtocol
import Glibc
import IO

/// A layer that is being made in the cache. Only one process at a time makes the layer of a key.
///
/// End it with ``publish(_:title:notes:)`` or ``discard()``; what a killed job leaves is removed by the next that wants
/// the key, or by ``LayerCache/sweep()``.
package final class LayerDraft: Sendable {
    /// What will be in the layer: the upper directory of an overlay mount, or where a base is unpacked.
    package let tree: String
    /// For overlayfs itself (`workdir`).
    package let work: String
    /// Where the blob is to be written.
    package let blob: String
    package let key: LayerKey
    private let directory: String
    private let cache: LayerCache
    private let lock: LockFile

    init(key: LayerKey, directory: String, cache: LayerCache, lock: LockFile) {
        self.key = key
        self.directory = directory
        self.cache = cache
        self.lock = lock
        tree = directory + "/tree"
        work = directory + "/work"
        blob = directory + "/blob"
    }

    /// Keeps the layer: everything reaches the disk, then its key appears, whole or not at all.
    ///
    /// An overlay mount that has ``tree`` as its upper directory must be gone; one that has it as a lower one may stay.
    /// - Parameters:
    ///   - layer: what was written to ``blob``.
    ///   - title: what it is, for people.
    ///   - notes: what its maker wants to know of it again.
    /// - Returns: the kept layer.
    /// - Throws: `diskFull`, `fileOperation`, `busy`.
    package func publish(
        _ layer: WrittenLayer, title: String, notes: [String: String] = [:]
    ) async throws(ImageError) -> CachedLayer {
        try await publish(LayerFacts(layer, title: title, notes: notes))
    }

    /// Makes no file of the tree newer than `latest`, in seconds since 1970: then what is mounted here is, times
    /// included, what others unpack. Before the tree is mounted as a lower layer, and after it was an upper one.
    ///
    /// - Throws: `fileOperation`, `cancelled`.
    package func clampTimes(to latest: Int64) async throws(ImageError) {
        do throws(ArchiveError) { try await TreeTimes.clamp(tree, to: latest) } catch { throw ImageError(error) }
    }

    /// The same for a blob that came from elsewhere.
    package func publish(_ facts: LayerFacts) async throws(ImageError) -> CachedLayer {
        let bytes = try ImageError.canonical(facts, "the facts of \(key)")
        let (directory, work, target) = (directory, work, cache.path(of: key))
        let oldFacts = cache.factsPath(of: key)
        try await OwnThread.run("layer-publish") { () throws(ImageError) in
            try ImageError.wrapping { () throws(IOError) in
                try Directory.remove(work)
                try AtomicFile.write(bytes, to: directory + "/layer.json")
            }
            try Self.sync(directory)
            try ImageError.wrapping { () throws(IOError) in
                // Only there when the layer was to be made again; nobody uses it, the lock says so. Its facts go first: what
                // a crash leaves of it is no layer then.
                try Directory.remove(oldFacts)
                try Directory.remove(target)
                try FileIO.rename(directory, to: target)
                try FileIO.syncDirectory(FileIO.parent(target))
            }
        }
        let layer = try await cache.published(key, facts, lock)
        // The layer is made, whatever becomes of the others; the next one tries again to make room.
        try? await cache.sweep()
        return layer
    }

    /// Throws everything away.
    package func discard() async throws(ImageError) {
        let directory = directory
        do throws(IOError) {
            try await OwnThread.run("layer-discard") { () throws(IOError) in try Directory.remove(directory) }
        } catch {
            throw ImageError(error)
        }
        lock.release()
    }

    /// syncfs(2): tens of thousands of files at once, in about half a second.
    private static func sync(_ directory: String) throws(ImageError) {
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw ImageError(system: errno, "open \(directory)") }
        defer { close(descriptor) }
        guard linux_sync_file_system(descriptor) == 0 else { throw ImageError(system: errno, "sync \(directory)") }
    }
}
