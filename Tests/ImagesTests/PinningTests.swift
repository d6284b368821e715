import Crypto
import FactoryExecution
import FactoryProtocol
import FactorySpec
import Glibc
import IO
import Processes
import TestSupport
import Testing

@testable import FactoryImages

/// Bases that change between the look at them and their use.
@Suite(.enabled(if: isRoot, "unpacks layers: needs root")) struct PinningTests {
    let scratch: Scratch
    let cache: LayerCache

    init() throws {
        scratch = try Scratch()
        cache = try LayerCache(directory: scratch("kept"))
    }

    private func program(_ name: String, _ script: String) throws {
        try scratch.write("bin/" + name, "#!/bin/sh\n" + script)
        guard chmod(scratch("bin/" + name), 0o755) == 0 else { throw IOError(system: errno, "chmod", name) }
    }

    private func image(_ name: String) async throws -> Digest {
        let fixture = try await ImageFixture { try $0.file("etc/who", name) }
        try await OCILayout(directory: scratch(name)).write(fixture.artifacts, from: fixture.out, name: "base")
        return try #require(fixture.artifacts.first { $0.role == .manifest }).digest
    }

    private func bring(_ transport: String, _ name: String) async throws -> Base {
        let base = ImageBase(
            transport: transport, name: name, architecture: .host, cache: cache, images: scratch("images"),
            scratch: scratch("work"), deadline: .in(.seconds(60)), environment: ToolEnvironment([:]),
            tools: ToolFinder(searchPath: [scratch("bin"), "/usr/bin"]))
        return try await JobReport { _ in }.step("base", "Base") { try await base.bring($0) }
    }

    private func who(_ base: Base) throws -> String {
        try FileIO.readText(try #require(base.layers.first).tree + "/etc/who", limit: 100)
    }

    @Test(.enabled(if: FileIO.isThere("/usr/bin/skopeo"), "copies with skopeo, which is not here"))
    func aLayoutThatIsExchangedAfterTheLookIsKeptUnderItsOwnDigest() async throws {
        let (first, second) = (try await image("first"), try await image("second"))
        #expect(symlink("first", scratch("now")) == 0)
        // Exchanged between `inspect` and `copy`, as somebody who pushes at that moment does.
        try program(
            "skopeo",
            """
            /usr/bin/skopeo "$@"; status=$?
            if [ "$1" = inspect ] && [ ! -e "\(scratch("done"))" ]; then
                ln -sfn second "\(scratch("now"))"; : > "\(scratch("done"))"
            fi
            exit $status
            """)
        let base = try await bring("oci:", scratch("now"))
        #expect(try who(base) == "second")
        #expect(base.digest == second)
        #expect(symlink("first", scratch("again")) == 0)
        #expect(rename(scratch("again"), scratch("now")) == 0)
        let other = try await bring("oci:", scratch("now"))
        #expect(try who(other) == "first")
        #expect(other.digest == first)
    }

    @Test(.enabled(if: FileIO.isThere("/usr/bin/skopeo"), "copies with skopeo, which is not here"))
    func anUnchangedLayoutIsFoundByTheDigestThatWasLookedUp() async throws {
        let digest = try await image("first")
        for _ in 0..<2 { #expect(try await bring("oci:", scratch("first")).digest == digest) }
        #expect(
            try Directory.entries(scratch("images")).map(\.name) == ["\(digest.hex).\(Architecture.host.rawValue).json"]
        )
    }

    @Test(.enabled(if: FileIO.isThere("/usr/bin/skopeo"), "copies with skopeo, which is not here"))
    func aLayoutWithSeveralTagsIsTheDescriptionsFaultAndTheTagsAreNamed() async throws {
        _ = try await image("first")
        let index = try FileIO.readText(scratch("first/index.json"), limit: 65536)
        let list = try #require(index.firstRange(of: "["))
        let entry = index[list.upperBound...].prefix { $0 != "]" }
        let both = index.replacing(entry, with: "\(entry),\(entry.replacing("\"base\"", with: "\"other\""))")
        try scratch.write("first/index.json", both)
        for name in [scratch("first"), scratch("first:absent")] {
            do {
                _ = try await bring("oci:", name)
                Issue.record("taken")
            } catch let error as ImageError {
                #expect(error.code == .imageNotFound)
                #expect(error.cause == .spec)
                #expect(error.message.contains("oci:\(scratch("first")):base, oci:\(scratch("first")):other"))
            }
        }
    }

    @Test(.enabled(if: FileIO.isThere("/usr/bin/skopeo"), "copies with skopeo, which is not here"))
    func anImageWithoutLayersIsTheDescriptionsFault() async throws {
        let directory = scratch("empty")
        let config = OCIImageConfig(
            created: nil, architecture: Architecture.host.rawValue, config: nil, diffIDs: [], history: nil)
        func blob(_ bytes: [UInt8], _ type: String) throws -> OCIDescriptor {
            let digest = Digest(hash: SHA256.hash(bytes))
            try Directory.make(directory + "/blobs/sha256")
            try AtomicFile.write(bytes, to: "\(directory)/blobs/sha256/\(digest.hex)")
            return OCIDescriptor(mediaType: type, digest: digest, size: Int64(bytes.count))
        }
        let manifest = OCIManifest(
            config: try blob(
                try ImageError.canonical(config, "config"), "application/vnd.oci.image.config.v1+json"), layers: [])
        let index = OCIIndex(manifests: [
            try blob(try ImageError.canonical(manifest, "manifest"), OCIMediaType.manifest)
        ])
        try AtomicFile.write(try ImageError.canonical(index, "index"), to: directory + "/index.json")
        try scratch.write("empty/oci-layout", #"{"imageLayoutVersion":"1.0.0"}"#)
        do {
            _ = try await bring("oci:", directory)
            Issue.record("taken")
        } catch let error as ImageError {
            #expect(error.code == .badImage)
            #expect(error.cause == .spec)
            #expect(error.message.contains("has no layers"))
        }
    }

    /// Debian's mirror and mmdebstrap in small: what is fetched is what the mirror has at that moment.
    @Test(
        .enabled(if: FileIO.isThere("/usr/lib/apt/apt-helper"), "fetches with apt-helper, which is not here"),
        arguments: [1, 9])
    func aBaseWhoseArchiveChangesIsMadeAgainAndKeptUnderWhatItHas(_ changes: Int) async throws {
        let release = scratch("mirror/dists/bookworm/InRelease")
        try scratch.write("mirror/dists/bookworm/InRelease", "Date: Sat, 06 Sep 2025 09:24:17 UTC\nNumber: 0\n")
        try program(
            "mmdebstrap",
            """
            echo run >> "\(scratch("runs"))"
            n=$(wc -l < "\(scratch("runs"))")
            if [ "$n" -le \(changes) ]; then
                printf 'Date: Sat, 06 Sep 2025 09:24:17 UTC\\nNumber: %s\\n' "$n" > "\(release)"
            fi
            for word in "$@"; do
                case "$word" in --*) ;; deb\\ *) ;; *) tree=$word ;; esac
            done
            mkdir -p "$tree/var/lib/apt/lists" "$tree/etc"
            cp "\(release)" "$tree/var/lib/apt/lists/mirror_InRelease"
            cp "\(release)" "$tree/etc/used"
            for word in "$@"; do
                case "$word" in --customize-hook=*) sh -ec "${word#*=}" sh "$tree" || exit 1 ;; esac
            done
            """)
        let base = DebianBase(
            distribution: .bookworm, architecture: .amd64, mirror: "copy:" + scratch("mirror"), cache: cache,
            downloads: scratch("downloads"), scratch: scratch("work"), sourceDateEpoch: nil, again: false,
            deadline: .in(.seconds(60)), environment: ToolEnvironment([:]), waits: [],
            tools: ToolFinder(searchPath: [scratch("bin"), "/usr/bin", "/bin"]))
        func make() async throws -> Base {
            try await JobReport { _ in }.step("base", "Base") { try await base.make($0) }
        }
        if changes > 3 {
            do {
                _ = try await make()
                Issue.record("made")
            } catch let error as ImageError {
                #expect(error.code == .archiveChanged)
                #expect(error.cause == .infrastructure)
            }
            #expect(try FileIO.readText(scratch("runs"), limit: 100) == "run\nrun\nrun\n")
            return
        }
        let made = try await make()
        #expect(
            try FileIO.readText(made.layers[0].tree + "/etc/used", limit: 100) == FileIO.readText(release, limit: 100))
        // Found again under the lists that it was made from.
        #expect(try await make().layers[0].key == made.layers[0].key)
        #expect(try FileIO.readText(scratch("runs"), limit: 100) == "run\nrun\n")
    }
}
