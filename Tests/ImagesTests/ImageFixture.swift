import Archive
import FactoryExecution
import FactoryProtocol
import Glibc
import IO
import TestSupport

@testable import FactoryImages

/// Two small layers in a cache, the upper one with deletions, and the image of them.
struct ImageFixture {
    let scratch: Scratch
    let cache: LayerCache
    let out: String
    let layers: [CachedLayer]
    let artifacts: [Artifact]

    /// The time in everything.
    static let time = 1_700_000_000

    init(_ more: (SampleTree) throws -> Void = { _ in }) async throws {
        scratch = try Scratch()
        cache = try LayerCache(directory: scratch("trees"))
        out = scratch("out")
        try Directory.make(out)
        let base = try await Self.layer("base", in: cache) { tree in
            for name in ["etc/old", "etc/keep", "gone/deep/file", "remade/old"] {
                try Directory.make(FileIO.parent("\(tree)/\(name)"))
                try AtomicFile.write(Array(name.utf8), to: "\(tree)/\(name)")
            }
            try more(SampleTree(root: tree))
        }
        let upper = try await Self.layer("upper", in: cache) { tree in
            let place = FileIO.parent(tree)
            if isRoot {
                let mount = try OverlayMount.writable(
                    lowers: [base.tree], upper: tree, work: place + "/work", at: place + "/m")
                try Directory.remove(place + "/m/etc/old")
                try Directory.remove(place + "/m/gone")
                try Directory.remove(place + "/m/remade")
                try Directory.make(place + "/m/remade")
                try AtomicFile.write([1], to: place + "/m/remade/new")
                try mount.unmount()
                try Directory.remove(place + "/m")
            } else {
                try AtomicFile.write([1], to: tree + "/new")
            }
        }
        layers = [base, upper]
        artifacts = try await ImageAssembly(
            architecture: .host, created: 1_700_000_000, labels: ["org.opencontainers.image.version": "v1.0.0"],
            layers: layers
        ).write(into: out)
    }

    /// The names in the tree that both layers make, when the tests run as root.
    static let names = ["etc", "etc/keep", "remade", "remade/new"]

    static func layer(
        _ name: String, in cache: LayerCache, _ fill: (String) throws -> Void
    ) async throws -> CachedLayer {
        guard case .make(let draft) = try await cache.claim(LayerKey(name, inputs: []), until: .in(.seconds(20))) else {
            throw ImageError(.busy, .internal, "found")
        }
        try fill(draft.tree)
        let written = try await LayerWriter(tree: draft.tree, options: .init(latestTime: Int64(time)))
            .write(to: draft.blob)
        return try await draft.publish(written, title: name)
    }

    /// A job whose inputs are the image.
    func job(_ artifacts: [Artifact]? = nil) throws -> JobContext {
        try Directory.make(scratch("spool/in"))
        for artifact in self.artifacts {
            let path = scratch("spool/in/") + artifact.digest.hex
            try FileIO.removeFile(path)
            guard link(out + "/" + artifact.name, path) == 0 else { throw IOError(system: errno, "link", path) }
        }
        return JobContext(
            job: JobID("test"), inputs: artifacts ?? self.artifacts, spool: scratch("spool"), trees: scratch("trees"),
            cache: scratch("cache"), noCache: false, report: JobReport { _ in })
    }
}
