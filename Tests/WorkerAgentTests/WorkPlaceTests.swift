import FactoryExecution
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

    @Test("doctor shows the ways to the network without their secrets")
    func environment() {
        let report = DoctorReport(
            capabilities: Capabilities(found: ["ovmf": "yes", "kvm": "no"], missing: []),
            isolation: Isolation(processes: .namespace, hasControlGroup: false), root: "/srv", freeBytes: 100 << 30,
            environment: ToolEnvironment([
                "HTTP_PROXY": "http://user:hidden@proxy.example:3128", "REGISTRY_AUTH_FILE": "/etc/factory/auth.json",
                "SSL_CERT_FILE": "/etc/factory/ca.pem",
            ]))
        for word in ["http://***@proxy.example:3128", "/etc/factory/auth.json", "SSL_CERT_FILE=/etc/factory/ca.pem"] {
            #expect(report.text.contains(word), "\(report.text)")
        }
        #expect(!report.text.contains("hidden"))
        #expect(report.isHealthy)
    }
}
