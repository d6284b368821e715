import Archive
import FactoryExecution
import FactoryImages
import FactoryProtocol
import Glibc
import IO
import TestSupport

/// An image of two layers as an earlier job leaves it: its blobs at the inputs of a job, its layers nowhere.
struct TestImage {
    /// The manifest first, then configuration and layers.
    let artifacts: [Artifact]

    /// Makes the image of the files that each layer has, and puts its blobs into `job`'s inputs.
    static func make(_ layers: [[String: String]], for job: RecordedJob) async throws -> TestImage {
        let cache = try LayerCache(directory: job.folder.file("maker"))
        var kept: [CachedLayer] = []
        for (number, files) in layers.enumerated() {
            guard case .make(let draft) = try await cache.claim(LayerKey("test", inputs: ["\(number)"]), until: .now)
            else { continue }
            for (path, text) in files { try write(text, to: draft.tree + path) }
            let layer = try await LayerWriter(tree: draft.tree, options: .init(latestTime: 1_700_000_000)).write(
                to: draft.blob)
            kept.append(try await draft.publish(layer, title: "layer \(number)"))
        }
        let made = job.folder.file("image")
        try Directory.make(made)
        let artifacts = try await ImageAssembly(
            architecture: .arm64, created: 1_700_000_000, labels: [:], layers: kept
        ).write(into: made)
        for artifact in artifacts {
            try FileIO.rename(made + "/" + artifact.name, to: job.folder.file("in/" + artifact.digest.hex))
        }
        return TestImage(artifacts: artifacts)
    }
}
