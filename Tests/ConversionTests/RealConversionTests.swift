import FactoryExecution
import FactoryImages
import FactoryProtocol
import FactorySpec
import Glibc
import IO
import JSON
import Processes
import TestSupport
import Testing

@testable import FactoryConversion

private let isWanted = getenv("FACTORY_SLOW_TESTS") != nil && geteuid() == 0

/// Real conversions through `factory-worker run-job`, held against what kairos-init made of the same bases.
@Suite(
    .serialized, .timeLimit(.minutes(30)),
    .enabled(if: isWanted, "set FACTORY_SLOW_TESTS=1 and be root: converts Debian, with packages from its mirror"))
struct RealConversionTests {
    @Test(
        "a converted Debian is what kairos-init makes of it, but for the differences that are listed",
        arguments: [("bookworm", "12"), ("trixie", "13")])
    func conversion(suite: String, version: String) async throws {
        let folder = try TemporaryFolder()
        let first = try await convert(suite, "first", folder, trees: "1")
        let tree = LayeredTree(layers: first.layers)
        let kernel = try #require(try tree.entry("/boot/vmlinuz")?.target?.dropFirst("vmlinuz-".count)).description
        try compareTree(tree, version: version, kernel: kernel)
        try findAdditions(tree, version: version, kernel: kernel)
        try comparePackages(tree, version: version)
        try carriesNothingOfTheBuild(tree)
        // Kairos' own module comes with its programs.
        let modules = try Self.fixture("debian\(version)-core.dracut-modules.txt").filter { $0 != "immucore" }
        #expect(first.initrdModules == modules)
        // Without it multipathd of the initrd ends at every boot.
        let initrd = try #require(try tree.file("/boot/initrd"))
        let names = try await Command("/bin/sh", ["-c", #"zstd -dc "$1" | cpio -t --quiet"#, "sh", initrd]).text()
        #expect(names.contains("usr/lib/multipath/libchecktur.so\n"))

        // From what is kept, and with nothing kept but the package files: the same bytes.
        let kept = try await convert(suite, "kept", folder, trees: "1")
        #expect(kept.artifacts == first.artifacts)
        #expect(kept.cachedSteps.isSuperset(of: ["base", "install", "init"]))
        let again = try await convert(suite, "again", folder, trees: "2")
        #expect(again.artifacts == first.artifacts)
        #expect(again.cachedSteps.isEmpty)
    }

    /// The other way round: where the engine writes, nothing is here that it does not write, but for what is listed; and
    /// nowhere is a name that was made up during the build.
    private func findAdditions(_ tree: LayeredTree, version: String, kernel: String) throws {
        let expected = Set(
            try Self.fixture("debian\(version)-core.tree.tsv").dropFirst().compactMap { line in
                line.replacing("{kernel}", with: kernel).split(separator: "\t").first.map(String.init)
            })
        let owned = try tree.packagePaths()
        var met: Set<String> = []
        for path in try tree.paths() {
            #expect(!path.contains(#/tmp[a-z]*\.[A-Za-z0-9]{6}($|\/)/#), "\(path)")
            guard KnownAddition.places.contains(where: { path.hasPrefix($0) }), !expected.contains(path),
                !owned.contains(LayeredTree.merged(path))
            else { continue }
            guard let known = KnownAddition.all.first(where: { $0.path == path }) else {
                Issue.record("\(path) is here, and neither a package's nor kairos-init's")
                continue
            }
            met.insert(known.path)
        }
        #expect(Set(KnownAddition.all.map(\.path)).subtracting(met).isEmpty)
    }

    private func compareTree(_ tree: LayeredTree, version: String, kernel: String) throws {
        var met: Set<String> = []
        for line in try Self.fixture("debian\(version)-core.tree.tsv").dropFirst() {
            let fields = line.replacing("{kernel}", with: kernel).split(
                separator: "\t", omittingEmptySubsequences: false
            ).map(String.init)
            let expected = LayeredTree.Entry(
                type: fields[1], mode: fields[2], owner: fields[3], target: fields.count > 4 ? fields[4] : nil)
            let found = try tree.entry(fields[0])
            if found == expected { continue }
            guard let known = KnownDifference.all.first(where: { $0.covers(fields[0]) }) else {
                Issue.record("\(fields[0]): \(expected), here \(found.map { "\($0)" } ?? "missing")")
                continue
            }
            met.insert(known.path)
        }
        // A difference that is gone must leave the list.
        #expect(Set(KnownDifference.all.map(\.path)).subtracting(met).isEmpty)
    }

    private func comparePackages(_ tree: LayeredTree, version: String) throws {
        let status = try #require(try tree.text("/var/lib/dpkg/status"))
        let installed = Set(
            status.split(separator: "\n").filter { $0.hasPrefix("Package: ") }.map { String($0.dropFirst(9)) })
        let expected = Set(try Self.fixture("debian\(version)-core.packages.txt").filter { !$0.contains("{kernel}") })
        #expect(expected.subtracting(installed).isEmpty)
        #expect(installed.contains { $0.hasPrefix("linux-image-") && $0 != "linux-image-amd64" })
    }

    private func carriesNothingOfTheBuild(_ tree: LayeredTree) throws {
        for layer in tree.layers {
            let ssh = try FileIO.status(layer + "/etc/ssh") == nil ? [] : Directory.entries(layer + "/etc/ssh")
            #expect(!ssh.contains { $0.name.hasPrefix("ssh_host_") }, "\(layer)")
            for path in ["/.dockerenv", "/run/.containerenv", "/usr/sbin/policy-rc.d", "/var/lib/dbus/machine-id"] {
                #expect(try FileIO.status(layer + path) == nil, "\(layer)\(path)")
            }
            let id = try FileIO.status(layer + "/etc/machine-id")
            #expect(id == nil || id?.size == 0, "\(layer)")
            let initiator = layer + "/etc/iscsi/initiatorname.iscsi"
            if try FileIO.status(initiator) != nil {
                #expect(try FileIO.readText(initiator, limit: 4096) == "GenerateName=yes\n")
            }
        }
        let initrd = try #require(try tree.file("/boot/initrd"))
        #expect(try FileIO.read(initrd, limit: 256 << 20).prefix(4) == [0x28, 0xB5, 0x2F, 0xFD], "not zstd")
    }

    // MARK: A job

    private struct Converted {
        var artifacts: [Artifact]
        var layers: [String]
        var cachedSteps: Set<String>
        /// What dracut said that it put in, in its order.
        var initrdModules: [String]
    }

    private func convert(
        _ suite: String, _ name: String, _ folder: TemporaryFolder, trees: String
    ) async throws -> Converted {
        // Kept between runs of the tests where the environment names a place: then only the first one fetches packages.
        let kept = getenv("FACTORY_TEST_CACHE").map { String(cString: $0) } ?? folder.file("worker")
        let spool = Spool(folder.file(name))
        try Directory.make(spool.directory)
        let work = ImageWork(
            base: try BaseReference(parsing: "distro:debian/\(suite)"), version: try ImageVersion(parsing: "1.0.0"),
            arch: .amd64, model: .generic, components: .none)
        let order = JobOrder(
            job: JobID("j-" + name), attempt: 1, fence: Fence(rawValue: 1), work: .image(work), timeoutSeconds: 1500,
            trees: kept + "/trees." + trees, cache: kept + "/cache")
        try AtomicFile.write(try CanonicalJSON.encode(order), to: spool.orderPath)
        var last: [String] = []
        let worker = getenv("FACTORY_BINARIES").map { String(cString: $0) + "/factory-worker" }
        // With its own /proc, as every job has: libdispatch looks its threads up there and traps when one is missing.
        let status = try await Command(
            "unshare",
            ["--mount", "--pid", "--fork", "--mount-proc"]
                + [worker ?? BuiltPrograms.path("factory-worker"), "run-job", spool.directory]
        ).run(until: .in(.seconds(1500))) { line in
            if last.count == 40 { last.removeFirst() }
            last.append(line.text)
        }
        try #require(status.isSuccess, "\(last.joined(separator: "\n"))")
        return try Self.result(of: spool, trees: kept + "/trees." + trees)
    }

    private static func result(of spool: Spool, trees: String) throws -> Converted {
        let result = try StrictJSON.decode(
            JobResult.self, from: FileIO.read(spool.resultPath, limit: 1 << 20))
        let part = try #require(result.artifacts.first { $0.role == .config })
        let config = try StrictJSON.decode(
            OCIImageConfig.self, from: FileIO.read("\(spool.out)/\(part.name)", limit: 1 << 20))
        // The worker keeps a link from the hash of a layer's tar, and the writer's revision, to the name of its directory.
        let links = try Directory.entries(trees + "/.diff-ids").map(\.name)
        let layers = try config.rootfs.diffIDs.map { diffID in
            let link = try #require(links.first { $0.hasPrefix(diffID.hex + ".") })
            return "\(trees)/\(Self.target("\(trees)/.diff-ids/\(link)"))/tree"
        }
        var cached: Set<String> = []
        var modules: [String] = []
        for line in try FileIO.readText(spool.eventsPath, limit: 256 << 20).split(separator: "\n") {
            let event = try StrictJSON.decode(Event.self, from: Array(line.utf8))
            switch event.kind {
            case .stepFinished(let step) where step.result == .cached: cached.insert(step.step)
            case .log(let log) where log.step == "initrd" && !log.text.isEmpty && !log.text.contains(" "):
                modules.append(log.text)
            default: break
            }
        }
        return Converted(
            artifacts: result.artifacts, layers: layers.reversed(), cachedSteps: cached, initrdModules: modules)
    }

    private static func target(_ link: String) -> String {
        var target = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink(link, &target, target.count)
        return String(decoding: target.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func fixture(_ name: String) throws -> [String] {
        let folder = FileIO.parent(FileIO.parent("\(#filePath)")) + "/Fixtures/kairos-init/"
        return try FileIO.readText(folder + name, limit: 1 << 20).split(separator: "\n").map(String.init)
    }
}
