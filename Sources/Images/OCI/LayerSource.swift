import Archive
import FactoryProtocol
import IO

/// Brings the layers of an image into the cache: those that are not kept are unpacked from their blobs.
struct LayerSource {
    let cache: LayerCache
    /// When to give up waiting for another job that unpacks the same layer.
    let deadline: Deadline

    /// The layer whose tar has that hash; `blob` gives the file of its blob when it has to be unpacked. `cause` says who
    /// is at fault for a bad blob; `progress` is told the bytes of tar so far.
    func layer(
        _ diffID: Digest, _ descriptor: OCIDescriptor, title: String, cause: Failure.Cause,
        progress: @escaping @Sendable (Int64) -> Void, blob: () async throws(ImageError) -> String
    ) async throws(ImageError) -> CachedLayer {
        if let kept = try await cache.find(diffID: diffID, until: deadline) { return kept }
        switch try await cache.claim(cache.key(diffID), until: deadline) {
        case .found(let layer): return layer
        case .make(let draft):
            do throws(ImageError) {
                let file = try await blob()
                let result = try await unpack(file, draft, diffID, descriptor, cause, progress)
                try await SharedFile.place(file, at: draft.blob)
                return try await draft.publish(
                    LayerFacts(
                        diffID: diffID, digest: descriptor.digest, size: result.size, tarSize: result.tarSize,
                        mediaType: descriptor.mediaType, title: title))
            } catch {
                // The first failure is the one to tell; a draft that stays is removed by the next job.
                try? await draft.discard()
                throw error
            }
        }
    }

    private func unpack(
        _ file: String, _ draft: LayerDraft, _ diffID: Digest, _ descriptor: OCIDescriptor, _ cause: Failure.Cause,
        _ progress: @escaping @Sendable (Int64) -> Void
    ) async throws(ImageError) -> LayerUnpacker.Result {
        let isRoot = cache.privilege == .root
        let options = LayerUnpacker.Options(
            form: isRoot ? .overlay : .userOverlay, devices: isRoot, diffID: diffID.bytes,
            digest: descriptor.digest.bytes)
        do throws(ArchiveError) {
            return try await LayerUnpacker(options).unpack(file, into: draft.tree, progress: progress)
        } catch {
            throw ImageError(error, cause: cause)
        }
    }
}

extension Digest {
    /// The 32 bytes of the hash.
    var bytes: [UInt8] {
        let digits = Array(hex.utf8).map { $0 < 0x3A ? $0 - 0x30 : $0 - 0x61 + 10 }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}
