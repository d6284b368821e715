import FactoryExecution
import FactoryProtocol
import FactorySpec
import FactoryWire
import Glibc
import IO
import Processes
import TestSupport
import Testing

@testable import factory_worker

/// A worker's directory on mounts that forbid what a build does.
struct WorkPlaceTests {
    @Test(
        "A directory in which images cannot be made is found, with the option of its mount",
        .enabled(if: geteuid() == 0, "mounts tmpfs: needs root"),
        arguments: [
            ("rw", []), ("nosuid", []), ("noexec", ["noexec"]), ("nodev", ["nodev"]),
            ("noexec,nodev,nosuid", ["noexec", "nodev"]), ("ro", ["cannot be written"]),
        ] as [(String, [String])])
    func mounts(options: String, words: [String]) async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("m")
        try Directory.make(path)
        try await Command("mount", ["-t", "tmpfs", "-o", "size=1m,\(options)", "tmpfs", path])
            .runSuccessfully(until: .in(.seconds(20)))
        defer { umount2(path, Int32(MNT_DETACH)) }
        let place = await WorkPlace.look(path, containment: await Containment.detect())
        #expect(place.problems.count == words.count, "\(place)")
        for word in words { #expect(place.problems.contains { $0.contains(word) }, "\(place)") }
        for word in words where word.hasPrefix("no") {
            #expect(place.problems.contains { $0.hasSuffix("\(path) is mounted with \(word)") }, "\(place)")
        }
        var capabilities = Capabilities(found: ["isolation": "namespace"], missing: [])
        capabilities.note(place)
        #expect(capabilities.found["isolation"] == (words.isEmpty ? "namespace" : "no"), "no image job is taken")
        let report = DoctorReport(
            capabilities: capabilities, isolation: Isolation(processes: .namespace, hasControlGroup: false), root: path,
            freeBytes: 100 << 30, workPlace: place)
        for word in words { #expect(report.text.contains("MISSING  directory") && report.text.contains(word)) }
        #expect(place.ownersProblem == nil, "\(place)")
        #expect(try words.contains("cannot be written") || Directory.entries(path).isEmpty)
    }

    @Test(
        "A mount that changes under an agent fails one attempt with its name, and the farm is told before it is",
        .enabled(if: geteuid() == 0, "mounts tmpfs: needs root"), .timeLimit(.minutes(3)),
        arguments: ["noexec", "nodev"])
    func remounted(option: String) async throws {
        let farm = try FakeFarm()
        let agent = try farm.startAgent()
        let first = try await farm.idleWorker()
        let trees = farm.folder.file("worker/trees")
        try await Command("mount", ["-t", "tmpfs", "-o", "size=64m,\(option)", "tmpfs", trees])
            .runSuccessfully(until: .in(.seconds(20)))
        defer { umount2(trees, Int32(MNT_DETACH)) }
        let work = ImageWork(
            base: .distribution(.bookworm), version: try ImageVersion(parsing: "v1.0.0"), arch: .host, model: .generic,
            components: .none, mirror: "http://127.0.0.1:1/debian", skipSteps: [])
        try await first.send(try farm.assignment(of: .image(work)))
        _ = try await first.next(Accepted.self)
        let (second, resume) = try await farm.worker()
        let offered = farm.offers.withLock { $0.map { $0.capabilities["isolation"] } }
        #expect(offered.count == 2 && offered.first != "no" && offered.last == "no", "\(offered)")
        try await second.keep(resume)
        let (_, finished) = try await second.events()
        guard case .failed(let failure) = finished?.outcome else {
            Issue.record("\(String(describing: finished))")
            return
        }
        #expect(failure.code == "mount-forbids" && failure.cause == .worker, "\(failure)")
        #expect(failure.message.contains("\(trees) is mounted with \(option)"), "\(failure)")
        // doctor says the same of it.
        let (_, said) = try await WorkerCommandTests.run(["doctor", "--root", farm.folder.path])
        #expect(said.contains("MISSING  directory") && said.contains("\(trees) is mounted with \(option)"), "\(said)")
        try agent.kill()
    }

    @Test("A worker that cannot make images still isolates other jobs; what is missing says why")
    func withoutOwners() {
        var place = WorkPlace()
        place.ownersProblem = "no images: the reason"
        var capabilities = Capabilities(found: ["isolation": "user-namespace", "root": "yes"], missing: [])
        capabilities.note(place)
        #expect(capabilities.found == ["isolation": "user-namespace", "root": "no"])
        #expect(capabilities.missing.contains { $0.what.contains("the reason") })
        let report = DoctorReport(
            capabilities: capabilities, isolation: Isolation(processes: .userNamespace, hasControlGroup: false),
            root: "/srv", freeBytes: 100 << 30, workPlace: place)
        #expect(!report.isHealthy && report.text.contains("no images: the reason"))
    }

    @Test(
        "doctor shows the ways to the network without their secrets, and names those that no tool can use",
        arguments: [true, false])
    func environment(isThere: Bool) throws {
        let folder = try TemporaryFolder()
        let (auth, authorities) = (folder.file("auth.json"), folder.file("ca.pem"))
        if isThere { for file in [auth, authorities] { try AtomicFile.write([], to: file) } }
        let report = DoctorReport(
            capabilities: Capabilities(found: ["ovmf": "yes", "kvm": "no"], missing: []),
            isolation: Isolation(processes: .namespace, hasControlGroup: false), root: "/srv", freeBytes: 100 << 30,
            environment: ToolEnvironment([
                "HTTP_PROXY": (isThere ? "http" : "ftp") + "://user:hidden@proxy.example:3128",
                "REGISTRY_AUTH_FILE": auth, "SSL_CERT_FILE": authorities,
            ]))
        for word in ["://***@proxy.example:3128", auth, "SSL_CERT_FILE=\(authorities)"] {
            #expect(report.text.contains(word), "\(report.text)")
        }
        #expect(!report.text.contains("hidden"))
        #expect(report.isHealthy == isThere)
        for name in ["http_proxy", "REGISTRY_AUTH_FILE", "SSL_CERT_FILE"] {
            #expect(report.text.contains("MISSING  \(name) ") == !isThere, "\(report.text)")
        }
    }
}
