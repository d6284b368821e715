/// An image manifest (image-spec 1.1, manifest.md).
package struct OCIManifest: Codable, Sendable, Hashable {
    package var schemaVersion = 2
    package var mediaType: String? = OCIMediaType.manifest
    package var config: OCIDescriptor
    /// The lowest layer first.
    package var layers: [OCIDescriptor]
    package var annotations: [String: String]?

    package init(config: OCIDescriptor, layers: [OCIDescriptor], annotations: [String: String]? = nil) {
        self.config = config
        self.layers = layers
        self.annotations = annotations
    }
}

/// An image index (image-spec 1.1, image-index.md), also `index.json` of a layout; Docker's manifest list reads the same.
package struct OCIIndex: Codable, Sendable, Hashable {
    package var schemaVersion = 2
    package var mediaType: String? = OCIMediaType.index
    package var manifests: [OCIDescriptor]

    package init(manifests: [OCIDescriptor]) { self.manifests = manifests }
}
