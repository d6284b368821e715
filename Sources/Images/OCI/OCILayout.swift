import Crypto
package import FactoryProtocol
import IO
import JSON

/// An image layout on disk (image-spec 1.1, image-layout.md): `oci-layout`, `index.json`, `blobs/sha256/…`.
package struct OCILayout: Sendable {
    /// An image of a layout.
    package struct Image: Sendable {
        /// The hash of the manifest.
        package let digest: Digest
        package let manifest: OCIManifest
        package let config: OCIImageConfig
    }

    /// The layout's directory.
    package let directory: String

    /// Larger ones are no manifests: registries refuse them from 4 MiB on (distribution-spec 1.1, "Pushing Manifests").
    static let largestDocument = 4 << 20

    package init(directory: String) { self.directory = directory }

    /// Where a blob is.
    package func path(of digest: Digest) -> String { "\(directory)/blobs/sha256/\(digest.hex)" }

    /// Reads the only image of the layout, or the one for that processor.
    ///
    /// - Throws: `badImage` when a document is none or its hash is another; `wrongArchitecture`; `fileOperation`.
    package func image(for architecture: Architecture) throws(ImageError) -> Image {
        let file = directory + "/index.json"
        let bytes = try ImageError.wrapping { () throws(IOError) in
            try FileIO.read(file, limit: Self.largestDocument)
        }
        let index = try Self.decode(OCIIndex.self, bytes, file)
        return try image(try Self.choose(index, architecture, file), for: architecture)
    }

    private func image(_ descriptor: OCIDescriptor, for architecture: Architecture) throws(ImageError) -> Image {
        let bytes = try document(descriptor)
        if descriptor.mediaType == OCIMediaType.index || descriptor.mediaType == OCIMediaType.dockerList {
            let index = try Self.decode(OCIIndex.self, bytes, "\(descriptor.digest)")
            return try image(try Self.choose(index, architecture, "\(descriptor.digest)"), for: architecture)
        }
        let manifest = try Self.decode(OCIManifest.self, bytes, "the manifest \(descriptor.digest)")
        let config = try Self.decode(
            OCIImageConfig.self, try document(manifest.config), "the configuration \(manifest.config.digest)")
        try Self.check(manifest, config, architecture)
        return Image(digest: descriptor.digest, manifest: manifest, config: config)
    }

    private func document(_ descriptor: OCIDescriptor) throws(ImageError) -> [UInt8] {
        let path = path(of: descriptor.digest)
        let bytes = try ImageError.wrapping { () throws(IOError) in
            try FileIO.read(path, limit: Self.largestDocument)
        }
        return try Self.verified(bytes, descriptor.digest)
    }

    /// Makes a layout of the files of an image, as ``ImageAssembly`` wrote them, under `name` (a tag); its blobs are hard
    /// links.
    ///
    /// - Throws: `missingInput` when there is no manifest among them; `fileOperation`, `diskFull`.
    package func write(_ artifacts: [Artifact], from files: String, name: String? = nil) async throws(ImageError) {
        guard let manifest = artifacts.first(where: { $0.role == .manifest }) else {
            throw ImageError(.missingInput, .internal, "an image without a manifest cannot be a layout")
        }
        try ImageError.wrapping { () throws(IOError) in
            try Directory.make(directory + "/blobs/sha256")
            try AtomicFile.write(Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8), to: directory + "/oci-layout")
        }
        for artifact in artifacts where !artifact.role.isDeliverable {
            try await SharedFile.place(files + "/" + artifact.name, at: path(of: artifact.digest))
        }
        let descriptor = OCIDescriptor(
            mediaType: manifest.mediaType, digest: manifest.digest, size: manifest.size,
            annotations: name.map { ["org.opencontainers.image.ref.name": $0] })
        let bytes = try ImageError.canonical(OCIIndex(manifests: [descriptor]), "the index of \(directory)")
        try ImageError.wrapping { () throws(IOError) in try AtomicFile.write(bytes, to: directory + "/index.json") }
    }

    // MARK: Documents

    /// The bytes, when they have that hash.
    static func verified(_ bytes: [UInt8], _ digest: Digest) throws(ImageError) -> [UInt8] {
        let found = Digest(hash: SHA256.hash(bytes))
        guard found == digest else {
            throw ImageError(.badImage, .infrastructure, "a document has the digest \(found) and not \(digest)")
        }
        return bytes
    }

    static func decode<Value: Decodable>(
        _ type: Value.Type, _ bytes: [UInt8], _ what: String
    ) throws(ImageError) -> Value {
        do throws(JSONError) { return try StrictJSON.decode(type, from: bytes) } catch {
            throw ImageError(error, what, cause: .spec)
        }
    }

    /// The manifest for a processor: the only one, or the one whose platform it is.
    static func choose(
        _ index: OCIIndex, _ architecture: Architecture, _ what: String
    ) throws(ImageError) -> OCIDescriptor {
        if index.manifests.count == 1, index.manifests[0].platform == nil { return index.manifests[0] }
        let fitting = index.manifests.first { descriptor in
            descriptor.platform?.os == "linux" && descriptor.platform?.architecture == architecture.rawValue
        }
        if let fitting { return fitting }
        let others = index.manifests.compactMap(\.platform).filter { $0.architecture != "unknown" }
            .map { "\($0.os)/\($0.architecture)" }
        throw ImageError(
            .wrongArchitecture, .spec,
            "\(what) has no image for linux/\(architecture.rawValue), only for \(Set(others).sorted().joined(separator: ", "))"
        )
    }

    static func check(
        _ manifest: OCIManifest, _ config: OCIImageConfig, _ architecture: Architecture
    ) throws(ImageError) {
        guard config.os == "linux", config.architecture == architecture.rawValue else {
            throw ImageError(
                .wrongArchitecture, .spec,
                "the image is for \(config.os)/\(config.architecture), and linux/\(architecture.rawValue) is wanted")
        }
        guard manifest.layers.count == config.rootfs.diffIDs.count else {
            throw ImageError(
                .badImage, .spec,
                "the manifest has \(manifest.layers.count) layers, its configuration \(config.rootfs.diffIDs.count)")
        }
    }
}
