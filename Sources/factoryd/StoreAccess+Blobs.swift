import Dispatch
import FactoryProtocol
import FactoryQueue
import FactoryScheduling
import FactoryStore
import IO

extension StoreAccess {
    /// Access to the daemon's own store.
    ///
    /// `keepUnused` is how long a blob stays that is nobody's artifact.
    init(_ blobs: BlobStore, url: String, remoteURL: String?, keepUnused: Duration, journal: Journal) {
        // Removing what an attempt left may take a while; it is done in the background, one after another.
        let cleaning = DispatchQueue(label: "factoryd.incoming")
        self.init(
            path: { digest in blobs.holds(digest) ? blobs.path(of: digest) : nil },
            openIncoming: { attempt in
                do throws(StoreError) {
                    return try blobs.incoming(attempt: attempt)
                } catch {
                    journal.error("An attempt gets no incoming folder and has to upload.", ["why": error.message])
                    return nil
                }
            },
            closeIncoming: { attempt in
                cleaning.async {
                    do throws(StoreError) {
                        try blobs.endAttempt(attempt)
                    } catch {
                        journal.error("What an attempt left could not be removed.", ["why": error.message])
                    }
                }
            },
            reserve: {
                do throws(StoreError) {
                    return try blobs.room().reserve
                } catch {
                    journal.error("The store's disk could not be looked at.", ["why": error.message])
                    return nil
                }
            },
            usage: {
                do throws(StoreError) {
                    let usage = try await BlockingThreads.disk.run { () throws(StoreError) in try blobs.usage() }
                    return (store: usage.used, free: usage.free)
                } catch {
                    journal.error("The store's size could not be read.", ["why": error.message])
                    return (store: 0, free: 0)
                }
            },
            shortage: {
                do throws(StoreError) {
                    let room = try await OwnThread.run("store-room") { () throws(StoreError) in try blobs.room() }
                    guard room.isShort else { return nil }
                    return
                        "the disk of the store has \(room.free >> 20) MiB left, and \(room.reserve >> 20) MiB are kept for the "
                        + "queue and the logs: no artifact is uploaded until there is room"
                } catch {
                    return error.message
                }
            },
            verify: { digest in
                do throws(StoreError) {
                    try await blobs.verify(digest)
                } catch {
                    // A damaged one is told by the store itself.
                    guard error.code != .damaged, error.code != .notFound else { return }
                    journal.error("An artifact cannot be read.", ["digest": "\(digest)", "why": error.message])
                }
            },
            removeUnused: { store in
                do {
                    let unused = try await OwnThread.run("store-unused") { () throws(StoreError) in
                        try blobs.unused(for: keepUnused)
                    }
                    // Marked first, then asked about: whoever refers to one from then on sees that it is going.
                    let leaving = blobs.leave(unused)
                    let nobodys: [Digest]
                    do throws(QueueError) {
                        nobodys = try await store.unreferenced(leaving)
                    } catch {
                        blobs.keep(leaving)
                        throw error
                    }
                    blobs.keep(Array(Set(leaving).subtracting(nobodys)))
                    try await OwnThread.run("store-discard") { () throws(StoreError) in try blobs.discard(nobodys) }
                    try await OwnThread.run("store-trash") { () throws(StoreError) in try blobs.emptyTrash() }
                } catch {
                    journal.warning("Unused artifacts could not be removed.", ["why": "\(error)"])
                }
            },
            url: url, remoteURL: remoteURL)
    }
}
