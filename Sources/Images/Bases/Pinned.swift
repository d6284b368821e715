import Crypto
import FactoryProtocol
import JSON

/// The document that a reference means: a manifest, or an index of several.
struct Pinned {
    let digest: Digest
    /// The manifests that it lists, when it is an index.
    private let listed: Set<Digest>
    /// Whether a layout of the OCI cannot hold it as it is: a manifest of Docker's.
    let isConverted: Bool

    /// As much of either document as tells them apart.
    private struct Head: Decodable {
        var mediaType: String?
        var manifests: [Entry]?
        var config: Entry?

        struct Entry: Decodable {
            var mediaType: String?
            var digest: Digest
        }
    }

    /// Reads a document as a registry or a file has it; one that cannot be read lists nothing.
    init(document: [UInt8]) {
        digest = Digest(hash: SHA256.hash(document))
        let head = try? StrictJSON.decode(Head.self, from: document)
        listed = Set(head?.manifests?.map(\.digest) ?? [])
        let types = [head?.mediaType, head?.config?.mediaType] + (head?.manifests ?? []).map(\.mediaType)
        isConverted =
            head == nil || types.contains { $0?.hasPrefix("application/vnd.docker.") == true }
            || (head?.config == nil && head?.manifests == nil)
    }

    /// Whether the copied manifest is this one, or one of those that it lists.
    func covers(_ manifest: Digest) -> Bool { manifest == digest || listed.contains(manifest) }
}
