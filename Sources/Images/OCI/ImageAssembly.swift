import Crypto
package import FactoryProtocol
import Glibc
import IO

/// Puts layers together to an OCI image. The same layers, labels and time give the same bytes.
package struct ImageAssembly: Sendable {
    /// The processor it is for.
    package var architecture: Architecture
    /// When it counts as made, in seconds since 1970.
    package var created: Int64
    /// What it says about itself (`org.opencontainers.image.*` and our own).
    package var labels: [String: String]
    /// What the base says of itself: its environment and command are kept, its labels where ours do not replace them.
    package var base: OCIImageConfig?
    /// The layers, the lowest first.
    package var layers: [CachedLayer]

    /// An image without a base's configuration of its own has a shell to look around with.
    private static let plain = OCIImageConfig.Execution(
        environment: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"], command: ["/bin/bash"])

    package init(
        architecture: Architecture, created: Int64, labels: [String: String], base: OCIImageConfig? = nil,
        layers: [CachedLayer]
    ) {
        self.architecture = architecture
        self.created = created
        self.labels = labels
        self.base = base
        self.layers = layers
    }

    /// The configuration.
    package var config: OCIImageConfig {
        var execution = base?.config ?? Self.plain
        execution.labels = (execution.labels ?? [:]).merging(labels) { _, ours in ours }
        let time = CalendarTime.text(created)
        return OCIImageConfig(
            created: time, architecture: architecture.rawValue, config: execution,
            diffIDs: layers.map(\.facts.diffID),
            history: layers.map { .init(created: time, createdBy: $0.facts.title) })
    }

    /// Writes manifest, configuration and layers as files into `directory`, which must be there.
    ///
    /// Layers are hard links to the kept ones where that is possible: nobody writes to either.
    /// - Parameter directory: `out/` of a job.
    /// - Returns: the artifacts, the manifest first, then the configuration, then the layers from the lowest up.
    /// - Throws: `fileOperation`, `diskFull`.
    package func write(into directory: String) async throws(ImageError) -> [Artifact] {
        let config = try ImageError.canonical(config, "the configuration")
        let configFile = try write(config, "config.json", .config, OCIMediaType.config, directory)
        let annotations = labels.filter { $0.key.hasPrefix("org.opencontainers.image.") }
        let manifest = OCIManifest(
            config: OCIDescriptor(mediaType: OCIMediaType.config, digest: configFile.digest, size: configFile.size),
            layers: layers.map(\.descriptor), annotations: annotations.isEmpty ? nil : annotations)
        let manifestFile = try write(
            try ImageError.canonical(manifest, "the manifest"), "manifest.json", .manifest, OCIMediaType.manifest,
            directory)
        var artifacts = [manifestFile, configFile]
        for (index, layer) in layers.enumerated() {
            let facts = layer.facts
            let name = "layer-\(index + 1).\(OCIMediaType.fileExtension(facts.mediaType))"
            try await SharedFile.place(layer.blob, at: directory + "/" + name)
            artifacts.append(
                Artifact(name: name, role: .layer, digest: facts.digest, size: facts.size, mediaType: facts.mediaType))
        }
        return artifacts
    }

    private func write(
        _ bytes: [UInt8], _ name: String, _ role: Artifact.Role, _ mediaType: String, _ directory: String
    ) throws(ImageError) -> Artifact {
        try ImageError.wrapping { () throws(IOError) in try AtomicFile.write(bytes, to: directory + "/" + name) }
        return Artifact(
            name: name, role: role, digest: Digest(hash: SHA256.hash(bytes)), size: Int64(bytes.count),
            mediaType: mediaType)
    }
}
