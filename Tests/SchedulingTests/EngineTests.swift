import FactoryProtocol
import FactorySpec
import FactoryWire
import JSON
import Testing

@testable import FactoryScheduling

/// A base in an engine of the worker is built where that engine answers, and nowhere else.
@Suite struct EngineTests {
    struct Case: Sendable {
        let base: String
        /// What workers have beside everything else that images need.
        let workers: [[String: String]]
        /// What the first worker lacks; empty where it can take the job.
        let lacks: [String]
        /// Whether some worker ever can.
        let ever: Bool
    }

    private static let all = [
        "isolation": "namespace", "root": "yes", "tool.skopeo": "1.9.3", "tool.mmdebstrap": "1.3.5",
    ]

    @Test(arguments: [
        Case(base: "docker-daemon:x:latest", workers: [["engine.docker": "yes"]], lacks: [], ever: true),
        Case(base: "docker-daemon:x:latest", workers: [["engine.docker": "no"]], lacks: ["engine.docker"], ever: false),
        Case(base: "docker-daemon:x:latest", workers: [[:]], lacks: ["engine.docker"], ever: false),
        Case(
            base: "docker-daemon:x:latest", workers: [["engine.docker": "no"], ["engine.docker": "yes"]],
            lacks: ["engine.docker"], ever: true),
        Case(
            base: "docker-daemon:x:latest", workers: [["engine.containers-storage": "yes"]], lacks: ["engine.docker"],
            ever: false),
        Case(
            base: "containers-storage:localhost/x:1", workers: [["engine.docker": "yes"]],
            lacks: ["engine.containers-storage"], ever: false),
        Case(
            base: "containers-storage:localhost/x:1", workers: [["engine.containers-storage": "yes"]], lacks: [],
            ever: true),
        Case(
            base: "docker-daemon:x:latest", workers: [["engine.docker": "yes", "root": "no"]], lacks: ["root"],
            ever: false),
        Case(base: "docker://debian:12", workers: [["engine.docker": "no"]], lacks: [], ever: true),
        Case(base: "distro:debian/bookworm", workers: [["engine.docker": "no"]], lacks: [], ever: true),
    ])
    func engines(_ item: Case) throws {
        let text = "{\"base\":\"\(item.base)\",\"version\":\"v1.0.0\",\"arch\":\"amd64\",\"artifacts\":[\"image\"]}"
        let job = try #require(Planner.plan(try BuildSpec.read(text: Array(text.utf8))).jobs.first)
        let need = JobNeed(job: JobID("b.\(job.name)"), architecture: job.arch, requirements: job.requirements)
        let offers = item.workers.enumerated().map { index, more in
            WorkerOffer(
                name: WorkerName("w\(index)"), architectures: [.amd64], slots: 1,
                capabilities: Self.all.merging(more) { $1 }, state: .connected, held: 0)
        }
        #expect(Placement.obstacles(need, offers[0]) == (item.lacks.isEmpty ? [] : [.missing(item.lacks)]))
        #expect(Placement.canEverRun(need, among: offers) == item.ever)
        let chosen = Placement.choose(need, among: offers)
        #expect((chosen != nil) == item.ever && (item.lacks.isEmpty || chosen != WorkerName("w0")))
        let (summary, lines) = Placement.explain(need, among: offers)
        #expect(summary.contains("none ever will as they are") == !item.ever, "\(summary)")
        if !item.lacks.isEmpty { #expect(lines[0] == "w0: lacks " + item.lacks.joined(separator: ", ")) }
    }

    /// What `submit` takes for its exit status 5.
    @Test func aBuildWhoseEngineNoWorkerHasIsWarnedOfWhenItIsSubmitted() async throws {
        let fixture = try FarmFixture()
        try await fixture.run {
            let capabilities = Self.all.merging(["engine.docker": "no"]) { $1 }
            let (worker, _) = try await fixture.worker(capabilities: capabilities)
            let client = try await fixture.client()
            let submitted = try await client.ask(
                Submit(
                    spec: [
                        "base": "docker-daemon:x:latest", "version": "v1.0.0", "arch": "amd64", "artifacts": ["image"],
                    ], idempotencyKey: "k"), for: Submitted.self)
            let warning = try #require(submitted.warnings.first { $0.code == "no-worker" })
            #expect(warning.message.contains("w1: lacks engine.docker"), "\(warning.message)")
            let job = JobID("\(submitted.build).image-amd64")
            let explained = try await client.ask(Explain(job: job), for: Explained.self)
            #expect(explained.state == .ready && explained.lines == ["w1: lacks engine.docker"], "\(explained)")
            worker.connection.close()
        }
    }
}
