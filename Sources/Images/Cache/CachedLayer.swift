import FactoryProtocol
import IO

/// A layer that is kept on this worker. As long as this object lives, nobody removes it.
package final class CachedLayer: Sendable {
    package let key: LayerKey
    package let facts: LayerFacts
    /// The layer's directory, in the form of overlayfs. Never written to.
    package let tree: String
    /// The layer's blob. Never written to.
    package let blob: String
    private let lock: LockFile

    init(key: LayerKey, facts: LayerFacts, directory: String, lock: LockFile) {
        self.key = key
        self.facts = facts
        tree = directory + "/tree"
        blob = directory + "/blob"
        self.lock = lock
    }

    /// Ends the hold: from here on it may be removed.
    func giveUp() { lock.release() }

    /// Its descriptor in a manifest.
    package var descriptor: OCIDescriptor {
        OCIDescriptor(mediaType: facts.mediaType, digest: facts.digest, size: facts.size)
    }
}
