import Archive
package import FactoryProtocol

/// What is known of a kept layer: `layer.json` beside it.
package struct LayerFacts: Codable, Sendable, Hashable {
    /// More bytes than this no `layer.json` has.
    static let limit = 1 << 20

    /// SHA-256 of the tar.
    package var diffID: Digest
    /// SHA-256 of the blob.
    package var digest: Digest
    /// Bytes of the blob.
    package var size: Int64
    /// Bytes of the tar.
    package var tarSize: Int64
    /// The blob's media type (image-spec 1.1, layer.md).
    package var mediaType: String
    /// What it is, for people: `Debian 12 base`.
    package var title: String
    /// What its maker wants to know of it again.
    package var notes: [String: String]

    package init(
        diffID: Digest, digest: Digest, size: Int64, tarSize: Int64, mediaType: String, title: String,
        notes: [String: String] = [:]
    ) {
        self.diffID = diffID
        self.digest = digest
        self.size = size
        self.tarSize = tarSize
        self.mediaType = mediaType
        self.title = title
        self.notes = notes
    }

    init(_ layer: WrittenLayer, title: String, notes: [String: String]) {
        self.init(
            diffID: Digest(hash: layer.diffID), digest: Digest(hash: layer.digest), size: layer.size,
            tarSize: layer.tarSize, mediaType: WrittenLayer.mediaType, title: title, notes: notes)
    }

    /// Roughly what it takes on disk.
    var bytes: Int64 {
        // The file may be damaged: no layer counts for more than this.
        let most: Int64 = 1 << 50
        return min(max(size, 0), most) + min(max(tarSize, 0), most)
    }
}
