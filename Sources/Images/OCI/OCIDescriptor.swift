package import FactoryProtocol

/// Points to a blob (image-spec 1.1, descriptor.md).
package struct OCIDescriptor: Codable, Sendable, Hashable {
    package var mediaType: String
    package var digest: Digest
    package var size: Int64
    /// For which machine, in an index.
    package var platform: Platform?
    package var annotations: [String: String]?

    /// What a manifest of an index is for (image-spec 1.1, image-index.md).
    package struct Platform: Codable, Sendable, Hashable {
        package var architecture: String
        package var os: String
        package var variant: String?

        package init(architecture: String, os: String = "linux", variant: String? = nil) {
            self.architecture = architecture
            self.os = os
            self.variant = variant
        }
    }

    package init(
        mediaType: String, digest: Digest, size: Int64, platform: Platform? = nil, annotations: [String: String]? = nil
    ) {
        self.mediaType = mediaType
        self.digest = digest
        self.size = size
        self.platform = platform
        self.annotations = annotations
    }
}
