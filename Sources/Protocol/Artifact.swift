/// A file that a job made, by its content.
package struct Artifact: Codable, Sendable, Equatable {
    /// The file name, for people and for downloads.
    package var name: String
    /// What it is for.
    package var role: Role
    /// SHA-256 of the bytes.
    package var digest: Digest
    /// Length in bytes.
    package var size: Int64
    /// An IANA or OCI media type.
    package var mediaType: String

    package init(
        name: String, role: Role, digest: Digest, size: Int64, mediaType: String
    ) {
        self.name = name
        self.role = role
        self.digest = digest
        self.size = size
        self.mediaType = mediaType
    }

    private enum Keys: String, CodingKey {
        case name, role, digest, size, mediaType
    }

    /// Reads an artifact; one with a negative size is refused.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Keys.self)
        name = try container.decode(String.self, forKey: .name)
        role = try container.decode(Role.self, forKey: .role)
        digest = try container.decode(Digest.self, forKey: .digest)
        size = try container.decode(Int64.self, forKey: .size)
        mediaType = try container.decode(String.self, forKey: .mediaType)
        guard size >= 0 else {
            throw DecodingError.dataCorruptedError(
                forKey: .size, in: container, debugDescription: "\(size) is no size in bytes")
        }
    }

    /// What an artifact is for. Names that this version does not know are kept as they are.
    package struct Role: RawRepresentable, Codable, Sendable, Hashable, CustomStringConvertible {
        package let rawValue: String
        package init(rawValue: String) { self.rawValue = rawValue }
        package var description: String { rawValue }

        /// An OCI image manifest.
        package static let manifest = Role(rawValue: "manifest")
        /// An OCI image configuration.
        package static let config = Role(rawValue: "config")
        /// An OCI layer.
        package static let layer = Role(rawValue: "layer")
        /// A hybrid ISO image.
        package static let iso = Role(rawValue: "iso")
        /// A `.sha256` file in GNU format.
        package static let checksum = Role(rawValue: "checksum")
        /// The serial console of a boot check.
        package static let consoleLog = Role(rawValue: "console-log")
        /// The verdict of a boot check: `boot-check.json`.
        package static let bootVerdict = Role(rawValue: "boot-verdict")

        /// Whether a user asks for it by name; layers and manifests are only the image's parts.
        package var isDeliverable: Bool { self != .manifest && self != .config && self != .layer }

        /// Whether it is what was asked for; consoles and verdicts only prove something about that.
        package var isProduct: Bool { isDeliverable && self != .consoleLog && self != .bootVerdict }
    }
}
