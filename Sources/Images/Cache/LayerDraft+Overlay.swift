import Archive
import FactoryProtocol

extension LayerDraft {
    /// Writes the layer of what an overlay mount changed, and keeps it.
    ///
    /// That mount must be gone; one that has ``tree`` as a lower directory may stay, and may be in use.
    /// - Parameters:
    ///   - lowers: the layers below, the topmost first.
    ///   - latestTime: no file is newer, in seconds since 1970.
    ///   - title: what it is, for people.
    ///   - notes: what its maker wants to know of it again.
    ///   - progress: called on another thread with the bytes of tar so far.
    /// - Returns: the kept layer.
    /// - Throws: `diskFull`, `badLayer`, `fileOperation`, `cancelled`.
    package func writeAndPublish(
        over lowers: [String], latestTime: Int64, title: String, notes: [String: String] = [:],
        progress: @escaping @Sendable (Int64) -> Void = { _ in }
    ) async throws(ImageError) -> CachedLayer {
        let options = LayerWriter.Options(latestTime: latestTime, lowers: lowers)
        let written: WrittenLayer
        do throws(ArchiveError) {
            written = try await LayerWriter(tree: tree, options: options).write(to: blob, progress: progress)
        } catch {
            throw ImageError(error)
        }
        return try await publish(written, title: title, notes: notes)
    }
}
