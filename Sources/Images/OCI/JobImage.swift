package import FactoryExecution
package import FactoryProtocol
package import IO

/// An image that an earlier job made, as the inputs of this one: its layers as directories, held while this lives.
package struct JobImage: Sendable {
    /// The hash of the manifest, which identifies the image.
    package let digest: Digest
    package let manifest: OCIManifest
    package let config: OCIImageConfig
    /// The lowest first.
    package let layers: [CachedLayer]

    /// The layers' directories as ``OverlayMount`` wants them, the topmost first.
    package var lowers: [String] { layers.reversed().map(\.tree) }

    /// Labels of the image.
    package var labels: [String: String] { config.config?.labels ?? [:] }

    /// Finds the image among the inputs of a job, and its layers among the kept ones; others are unpacked from the
    /// inputs.
    ///
    /// - Parameters:
    ///   - context: the job.
    ///   - cache: the kept layers.
    ///   - architecture: the processor it must be for.
    ///   - deadline: when to give up waiting for another job that unpacks the same layer.
    ///   - progress: bytes of tar unpacked so far, of all that have to be.
    /// - Returns: the image.
    /// - Throws: `missingInput`, `badImage`, `badLayer`, `wrongArchitecture`, `busy`, `diskFull`, `fileOperation`.
    package static func read(
        _ context: JobContext, cache: LayerCache, architecture: Architecture, until deadline: Deadline,
        progress: @escaping @Sendable (Int64) -> Void = { _ in }
    ) async throws(ImageError) -> JobImage {
        guard let input = context.inputs.first(where: { $0.role == .manifest }) else {
            throw ImageError(.missingInput, .internal, "the job has no manifest of an image among its inputs")
        }
        let manifest = try OCILayout.decode(
            OCIManifest.self, try document(input.digest, context), "the manifest \(input.digest)")
        let config = try OCILayout.decode(
            OCIImageConfig.self, try document(manifest.config.digest, context),
            "the configuration \(manifest.config.digest)")
        try OCILayout.check(manifest, config, architecture)
        let source = LayerSource(cache: cache, deadline: deadline)
        var layers: [CachedLayer] = []
        var unpacked: Int64 = 0
        for (index, (descriptor, diffID)) in zip(manifest.layers, config.rootfs.diffIDs).enumerated() {
            let title = config.history?.filter { $0.emptyLayer != true }.dropFirst(index).first?.createdBy
            let before = unpacked
            let layer = try await source.layer(
                diffID, descriptor, title: title ?? "layer \(index + 1) of \(input.digest.short)", cause: .worker,
                progress: { progress(before.addingSaturated($0)) }
            ) { () throws(ImageError) in
                try present(descriptor.digest, context)
            }
            unpacked = unpacked.addingSaturated(layer.facts.tarSize)
            layers.append(layer)
        }
        return JobImage(digest: input.digest, manifest: manifest, config: config, layers: layers)
    }

    private static func document(_ digest: Digest, _ context: JobContext) throws(ImageError) -> [UInt8] {
        let path = try present(digest, context)
        let bytes = try ImageError.wrapping { () throws(IOError) in
            try FileIO.read(path, limit: OCILayout.largestDocument)
        }
        return try OCILayout.verified(bytes, digest)
    }

    private static func present(_ digest: Digest, _ context: JobContext) throws(ImageError) -> String {
        let path = context.inputPath(digest)
        guard try FileIO.exists(path) else {
            throw ImageError(.missingInput, .worker, "the input \(digest) is not at \(path)")
        }
        return path
    }
}
