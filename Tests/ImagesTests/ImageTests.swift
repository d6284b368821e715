import Crypto
import FactoryExecution
import FactoryProtocol
import FactorySpec
import FactoryStore
import Glibc
import IO
import JSON
import Processes
import TestSupport
import Testing

@testable import FactoryImages

@Suite struct ImageTests {
    private let soon = Deadline.in(.seconds(60))

    @Test func theSameLayersGiveTheSameImage() async throws {
        let (one, two) = (try await ImageFixture(), try await ImageFixture())
        #expect(one.artifacts == two.artifacts)
        #expect(one.artifacts.map(\.role) == [.manifest, .config, .layer, .layer])
        for artifact in one.artifacts {
            #expect(try FileIO.status(one.out + "/" + artifact.name)?.size == Int(artifact.size))
        }
    }

    @Test func theConfigurationOfABaseIsCarriedOnUnderOurLabels() async throws {
        let image = try await ImageFixture()
        let base = OCIImageConfig(
            created: nil, architecture: "amd64",
            config: .init(environment: ["A=1"], command: ["/x"], labels: ["theirs": "1", "both": "old"]), diffIDs: [],
            history: nil)
        let config = ImageAssembly(
            architecture: .host, created: 0, labels: ["both": "new"], base: base, layers: image.layers
        ).config
        #expect(config.config?.environment == ["A=1"])
        #expect(config.config?.labels == ["theirs": "1", "both": "new"])
        #expect(config.rootfs.diffIDs == image.layers.map(\.facts.diffID))
    }

    @Test func aJobFindsItsLayersAmongTheKeptOnes() async throws {
        let fixture = try await ImageFixture()
        let image = try await JobImage.read(
            fixture.job(), cache: fixture.cache, architecture: .host, until: soon)
        #expect(image.layers.map(\.key) == fixture.layers.map(\.key))
        #expect(image.labels["org.opencontainers.image.version"] == "v1.0.0")
        #expect(image.digest == fixture.artifacts[0].digest)
    }

    @Test(.enabled(if: isRoot, "mounts overlayfs: needs root"))
    func aJobElsewhereUnpacksThemOnce() async throws {
        let fixture = try await ImageFixture()
        let cache = try LayerCache(directory: fixture.scratch("elsewhere"))
        let image = try await JobImage.read(fixture.job(), cache: cache, architecture: .host, until: soon)
        let mount = try OverlayMount.readOnly(lowers: image.lowers, at: fixture.scratch("m"))
        #expect(try paths(fixture.scratch("m")) == ImageFixture.names)
        try mount.unmount()
        try Directory.remove(fixture.scratch("spool/in/") + fixture.layers[0].facts.digest.hex)
        let again = try await JobImage.read(
            fixture.job([fixture.artifacts[0]]), cache: cache, architecture: .host, until: soon)
        #expect(again.lowers == image.lowers)
    }

    /// What lies in a cache may be damaged; a layer that is kept is taken by its diff id.
    @Test(arguments: [0, -1, .min, .max] as [Int64])
    func whateverSizeAKeptLayerSaysItIsRead(_ size: Int64) async throws {
        let fixture = try await ImageFixture()
        let (base, upper) = (fixture.layers[0].key, fixture.layers[1].key)
        for key in [base, upper] {
            let path = fixture.cache.factsPath(of: key)
            var facts = try StrictJSON.decode(LayerFacts.self, from: try FileIO.read(path, limit: LayerFacts.limit))
            (facts.tarSize, facts.size) = (size, size)
            try AtomicFile.write(try CanonicalJSON.encode(facts), to: path)
        }
        let image = try await JobImage.read(fixture.job(), cache: fixture.cache, architecture: .host, until: soon)
        #expect(image.layers.map(\.facts.tarSize) == [size, size])
        let assembly = ImageAssembly(architecture: .host, created: size, labels: [:], layers: image.layers)
        #expect(try await assembly.write(into: fixture.scratch("spool")).last?.size == size)
        // The upper one is not kept any more: its progress is counted on from the size of the one below.
        try Directory.remove(fixture.cache.path(of: upper))
        let told = Locked<[Int64]>([])
        _ = try await JobImage.read(fixture.job(), cache: fixture.cache, architecture: .host, until: soon) { done in
            told.withLock { $0.append(done) }
        }
        #expect(!told.withLock { $0 }.isEmpty)
    }

    @Test func whatAStoreKeepsIsNoFileOfTheLayerCacheNorOfAnInput() async throws {
        let fixture = try await ImageFixture()
        let store = try BlobStore(root: fixture.scratch("store"))
        let incoming = try store.incoming(attempt: "b.image.1")
        // As a worker of the same host hands results over.
        for artifact in fixture.artifacts {
            try FileIO.rename(fixture.out + "/" + artifact.name, to: incoming + "/" + artifact.digest.hex)
            try await store.take(
                file: artifact.digest.hex, as: FactoryStore.Upload(attempt: "b.image.1", digest: artifact.digest))
        }
        for layer in fixture.layers {
            let blob = store.path(of: layer.facts.digest)
            let (kept, stored) = (try FileIO.status(layer.blob), try #require(try FileIO.status(blob)))
            #expect(stored.inode != kept?.inode && stored.links == 1)
            // Every job of root can write there.
            try FileIO.write([0xff], to: FileIO.open(layer.blob, O_WRONLY), at: 3)
            #expect(Digest(hash: try await SHA256.hash(file: blob)) == layer.facts.digest)
        }
    }

    @Test func anImageForAnotherProcessorIsRefused() async throws {
        let fixture = try await ImageFixture()
        let other = Architecture.host == .amd64 ? Architecture.arm64 : .amd64
        let job = try fixture.job()
        await #expect {
            _ = try await JobImage.read(job, cache: fixture.cache, architecture: other, until: .in(.seconds(60)))
        } throws: {
            ($0 as? ImageError)?.code == .wrongArchitecture
        }
    }

    @Test func anInputWithOtherBytesIsRefused() async throws {
        let fixture = try await ImageFixture()
        let job = try fixture.job()
        let path = job.inputPath(fixture.artifacts[1].digest)
        try AtomicFile.write(Array("{}".utf8), to: path)
        await #expect {
            _ = try await JobImage.read(job, cache: fixture.cache, architecture: .host, until: .in(.seconds(60)))
        } throws: {
            ($0 as? ImageError)?.code == .badImage
        }
    }

    @Test func anIndexIsSearchedForTheProcessor() throws {
        func entry(_ digit: Character, _ architecture: String) throws -> OCIDescriptor {
            OCIDescriptor(
                mediaType: OCIMediaType.manifest,
                digest: try #require(Digest(sha256: String(repeating: digit, count: 64))),
                size: 1, platform: .init(architecture: architecture))
        }
        let index = OCIIndex(manifests: [try entry("a", "arm64"), try entry("b", "amd64"), try entry("c", "unknown")])
        #expect(try OCILayout.choose(index, .amd64, "x") == index.manifests[1])
        #expect {
            try OCILayout.choose(OCIIndex(manifests: [try entry("a", "s390x")]), .amd64, "x")
        } throws: {
            ($0 as? ImageError)?.message == "x has no image for linux/amd64, only for linux/s390x"
        }
    }
}

/// What other readers of images see.
@Suite(
    .enabled(if: isRoot, "mounts overlayfs: needs root"),
    .enabled(if: ToolFinder().find("skopeo") != nil, "reads the image with skopeo, which is not here"))
struct OtherReadersTests {
    private let soon = Deadline.in(.seconds(120))

    private func layout(_ fixture: ImageFixture) async throws -> String {
        let layout = OCILayout(directory: fixture.scratch("oci"))
        try await layout.write(fixture.artifacts, from: fixture.out, name: "test")
        return layout.directory
    }

    @Test func skopeoReadsTheLayout() async throws {
        let fixture = try await ImageFixture()
        let text = try await Command("skopeo", ["inspect", "oci:\(try await layout(fixture)):test"]).text(until: soon)
        #expect(text.contains(fixture.artifacts[0].digest.description))
        #expect(text.contains(fixture.layers[1].facts.digest.description))
    }

    @Test(arguments: ["oci:", "oci-archive:", "dir:"])
    func aBaseComesFromAnyTransportAndOnlyOnce(_ transport: String) async throws {
        let fixture = try await ImageFixture()
        var place = try await layout(fixture)
        if transport != "oci:" {
            try await Command("skopeo", ["copy", "oci:\(place):test", transport + fixture.scratch("copy")])
                .runSuccessfully(until: soon)
            place = fixture.scratch("copy")
        }
        let cache = try LayerCache(directory: fixture.scratch("elsewhere"))
        let resolver = BaseResolver(try fixture.job(), cache: cache, architecture: .host)
        let reference = BaseReference.image(transport: transport, name: place + (transport == "oci:" ? ":test" : ""))
        let first = try await JobReport { _ in }.step("base", "Base") {
            try await resolver.resolve(reference, $0, until: soon)
        }
        #expect(first.layers.map(\.facts.diffID) == fixture.layers.map(\.facts.diffID))
        #expect(first.created == 1_700_000_000)
        let mount = try OverlayMount.readOnly(lowers: first.lowers, at: fixture.scratch("m"))
        #expect(try paths(fixture.scratch("m")) == ImageFixture.names)
        try mount.unmount()
        let log = Locked<[Event.Kind]>([])
        let again = try await JobReport { kind in log.withLock { $0.append(kind) } }.step("base", "Base") {
            try await resolver.resolve(reference, $0, until: soon)
        }
        #expect(again.lowers == first.lowers)
        #expect(
            log.withLock { $0 }.contains {
                if case .stepFinished(let end) = $0 { end.result == .cached } else { false }
            })
    }

    @Test func aBaseThatIsNotThereIsTheDescriptionsFault() async throws {
        let fixture = try await ImageFixture()
        let resolver = BaseResolver(try fixture.job(), cache: fixture.cache, architecture: .host)
        let deadline = soon
        await #expect {
            try await JobReport { _ in }.step("base", "Base") {
                _ = try await resolver.resolve(.image(transport: "oci:", name: "/nowhere"), $0, until: deadline)
            }
        } throws: {
            ($0 as? ImageError)?.cause == .spec && ($0 as? ImageError)?.code == .imageNotFound
        }
    }

    /// Files that are no archive of an image, by what makes each.
    enum NoArchive: String, Sendable, CaseIterable {
        case directory, device, pipe, otherTar, emptyFile, noise, hostileManifest, noManifestList, linkToDirectory

        func make(in folder: String) async throws -> String {
            let path = folder + "/a.tar"
            switch self {
            case .directory: return folder
            case .device: return "/dev/zero"
            case .pipe: try #require(mkfifo(path, 0o600) == 0)
            case .emptyFile: try AtomicFile.write([], to: path)
            case .noise: try AtomicFile.write((0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 31) }, to: path)
            case .linkToDirectory: try #require(symlink("/etc", path) == 0)
            case .otherTar: try await tar("other", "x", folder)
            case .hostileManifest:
                try await tar("manifest.json", #"[{"Config": "../../etc/passwd", "Layers": ["../x"]}]"#, folder)
            case .noManifestList: try await tar("manifest.json", #"{"a": 1}"#, folder)
            }
            return path
        }

        private func tar(_ name: String, _ content: String, _ folder: String) async throws {
            try AtomicFile.write(Array(content.utf8), to: "\(folder)/\(name)")
            try await Command("tar", ["-C", folder, "-cf", folder + "/a.tar", name])
                .runSuccessfully(until: .in(.seconds(20)))
        }
    }

    @Test(arguments: NoArchive.allCases, ["docker-archive:", "oci-archive:"])
    func whatIsNoArchiveIsTheDescriptionsFault(_ kind: NoArchive, _ transport: String) async throws {
        let fixture = try await ImageFixture()
        try Directory.make(fixture.scratch("given"))
        let name = try await kind.make(in: fixture.scratch("given"))
        let resolver = BaseResolver(try fixture.job(), cache: fixture.cache, architecture: .host)
        let deadline = soon
        let error = await #expect(throws: ImageError.self) {
            try await JobReport { _ in }.step("base", "Base") {
                _ = try await resolver.resolve(.image(transport: transport, name: name), $0, until: deadline)
            }
        }
        #expect(error?.cause == .spec, "\(String(describing: error))")
    }

    @Test(.enabled(if: ToolFinder().find("buildah") != nil, "mounts the image with buildah, which is not here"))
    func buildahSeesTheSameTree() async throws {
        let fixture = try await ImageFixture { tree in
            try tree.directory("sample")
            let sample = SampleTree(root: tree.root + "/sample")
            try sample.fill()
            try sample.fillAsRoot()
        }
        let own = try OverlayMount.readOnly(lowers: fixture.layers.reversed().map(\.tree), at: fixture.scratch("m"))
        let expected = try TreeSnapshot(fixture.scratch("m"), latest: ImageFixture.time)
        try own.unmount()
        let (root, run) = (fixture.scratch("storage"), fixture.scratch("run"))
        let options = ["--root", root, "--runroot", run, "--storage-driver", "overlay"]
        func buildah(_ arguments: [String]) async throws -> String {
            let text = try await Command("buildah", options + arguments).text(until: soon)
            return String(text.split(separator: "\n").last ?? "")
        }
        try await Command(
            "skopeo",
            [
                "copy", "oci:\(try await layout(fixture)):test",
                "containers-storage:[overlay@\(root)+\(run)]localhost/t:1",
            ]
        ).runSuccessfully(until: soon)
        let container = try await buildah(["from", "--pull-never", "localhost/t:1"])
        let path = try await buildah(["mount", container])
        // The root directory's mode is containers-storage's own.
        let differences = try TreeSnapshot(path, latest: ImageFixture.time)
            .differences(from: expected, exceptRoot: true)
        _ = try await buildah(["umount", container])
        _ = try await buildah(["rm", container])
        // buildah leaves its directory bound on itself.
        umount2(root + "/overlay", Int32(MNT_DETACH))
        #expect(differences == [])
    }
}
