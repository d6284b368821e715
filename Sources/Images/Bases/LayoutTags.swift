import Glibc
import IO

/// The tags in an OCI layout on this machine, for the words about a reference that names none of them.
struct LayoutTags {
    let path: String
    let tags: [String]

    private static let mostTags = 20
    private static let tag = "org.opencontainers.image.ref.name"

    /// Reads the layout of `PATH` or `PATH:TAG`; nil when there is none.
    init?(reference: String) {
        let bare = reference.split(separator: ":", maxSplits: 1).first.map(String.init) ?? reference
        guard let path = [reference, bare].first(where: { access($0 + "/index.json", R_OK) == 0 }),
            let bytes = try? FileIO.read(path + "/index.json", limit: OCILayout.largestDocument),
            let index = try? OCILayout.decode(OCIIndex.self, bytes, path)
        else { return nil }
        self.path = path
        tags = Set(index.manifests.compactMap { $0.annotations?[Self.tag] }).sorted()
    }

    /// A sentence that says which references there are.
    func advice(_ reference: String) -> String {
        guard !tags.isEmpty else { return "\(reference) names no image of the layout \(path), which has no tags" }
        let shown = tags.prefix(Self.mostTags).map { "oci:\(path):\($0)" }.joined(separator: ", ")
        let more = tags.count > Self.mostTags ? " and \(tags.count - Self.mostTags) more" : ""
        return "\(reference) names no single image of the layout \(path); write one of: \(shown)\(more)"
    }
}
