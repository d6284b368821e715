import FactoryClient
import FactoryProtocol
import IO
import JSON
import Testing

/// Lists that come in parts, from a farm that has parts and from one that does not know them. The stand-in answers what each
/// release answers.
@Suite struct ListTests {
    private static func session(_ farm: FakeFarm) async throws -> FarmSession {
        try await FarmSession.open(farm.endpoint, hello: FakeFarm.hello, until: .in(.seconds(20)))
    }

    private static func build(_ number: Int) -> BuildSummary {
        BuildSummary(
            build: BuildID("b\(number)"), title: "t", state: .running, submittedBy: "root",
            submittedAt: Timestamp(milliseconds: 1), jobsDone: 0, jobs: 1)
    }

    private static func worker(_ name: String) -> WorkerSummary {
        WorkerSummary(
            name: WorkerName(name), architectures: [.amd64], slots: 1, state: .connected, jobs: [], capabilities: [:],
            software: "s", lastHeard: Timestamp(milliseconds: 1))
    }

    private static func artifact(_ name: String) -> JobArtifact {
        JobArtifact(
            job: JobID("b1.iso-amd64"),
            artifact: Artifact(
                name: name, role: .iso, digest: Digest(hash: [UInt8](repeating: 1, count: 32)), size: 1,
                mediaType: "text/plain"))
    }

    private static func details(_ names: [String], next: String?) -> BuildDetails {
        var details = BuildDetails(
            summary: build(1), specDigest: "sha256:0", spec: .object([:]), jobs: [],
            artifacts: names.map(artifact), lastSeq: 0)
        details.nextArtifacts = next
        return details
    }

    /// Answers requests of one connection in order, each by what is asked of it.
    private typealias Answer = @Sendable (Incoming) throws -> any Message

    private static func answering(_ answers: [Answer]) -> FakeFarm.Script {
        { peer in
            try await peer.welcome()
            for answer in answers {
                let incoming = try await peer.receive()
                do {
                    try await peer.send(try answer(incoming), id: incoming.id)
                } catch let error as ProtocolError {
                    Issue.record("\(error)")
                }
            }
        }
    }

    @Test("Builds are asked for part by part, never more than are wanted", arguments: [2, 3, 4, 10])
    func builds(limit: Int) async throws {
        let asked = Locked<[ListBuilds]>([])
        func part(_ numbers: [Int], next: Int?) -> Answer {
            { incoming in
                let request: ListBuilds = try incoming.decode()
                asked.withLock { $0.append(request) }
                let numbers = numbers.prefix(request.limit)
                return Builds(builds: numbers.map(Self.build), next: next.map { BuildID("b\($0)") })
            }
        }
        let parts = [part([9, 8], next: 8), part([7, 6], next: 6), part([5], next: nil)]
        let found = try await FakeFarm.with([Self.answering(parts)]) { farm in
            try await Self.session(farm).builds(limit: limit, states: ["running"]).map(\.build.rawValue)
        }
        #expect(found == Array(["b9", "b8", "b7", "b6", "b5"].prefix(limit)))
        let requests = asked.withLock { $0 }
        #expect(requests.count == (limit == 2 ? 1 : limit < 5 ? 2 : 3))
        #expect(requests.map { $0.before?.rawValue } == Array([nil, "b8", "b6"].prefix(requests.count)))
        #expect(requests.allSatisfy { $0.states == ["running"] })
    }

    @Test("Workers and artifacts are asked for until the list is whole")
    func whole() async throws {
        let asked = Locked<[String?]>([])
        let script = Self.answering([
            { incoming in
                try asked.withLock { $0.append(try incoming.decode(ListWorkers.self).after?.rawValue) }
                return WorkerList(workers: [Self.worker("a")], next: WorkerName("a"))
            },
            { incoming in
                try asked.withLock { $0.append(try incoming.decode(ListWorkers.self).after?.rawValue) }
                return WorkerList(workers: [Self.worker("b")])
            },
            { _ in Self.details(["one"], next: "p1") },
            { incoming in
                try asked.withLock { $0.append(try incoming.decode(ListArtifacts.self).after) }
                return ArtifactList(artifacts: [Self.artifact("two")], next: "p2")
            },
            { incoming in
                try asked.withLock { $0.append(try incoming.decode(ListArtifacts.self).after) }
                return ArtifactList(artifacts: [Self.artifact("three")])
            },
        ])
        let (workers, details) = try await FakeFarm.with([script]) { farm in
            let session = try await Self.session(farm)
            return (try await session.workers(), try await session.details(of: BuildID("b1")))
        }
        #expect(workers.map(\.name.rawValue) == ["a", "b"])
        #expect(details.artifacts.map(\.artifact.name) == ["one", "two", "three"])
        #expect(details.nextArtifacts == nil)
        #expect(asked.withLock { $0 } == [nil, "a", "p1", "p2"])
    }

    @Test("A farm without parts is asked once for each list, and resolves a build by showing it")
    func older() async throws {
        let script = Self.answering([
            { _ in Builds(builds: [Self.build(2), Self.build(1)]) },
            { _ in WorkerList(workers: [Self.worker("a")]) },
            { _ in Self.details(["one"], next: nil) },
            { incoming in
                #expect(incoming.type == ResolveBuild.type)
                return ErrorReply(code: "unknown-type", message: "'resolve' is no request")
            },
            { incoming in
                let show: ShowBuild = try incoming.decode()
                #expect(show.build == BuildID("b"))
                return Self.details([], next: nil)
            },
        ])
        let (builds, workers, details, resolved) = try await FakeFarm.with([script]) { farm in
            let session = try await Self.session(farm)
            return (
                try await session.builds(limit: 5000), try await session.workers(),
                try await session.details(of: BuildID("b1")), try await session.resolve(BuildID("b"))
            )
        }
        #expect(builds.count == 2 && workers.count == 1 && details.artifacts.count == 1)
        #expect(resolved == BuildID("b1"))
    }

    @Test("Another refusal of a request is no sign of an older farm")
    func refused() async throws {
        let script = Self.answering([{ _ in ErrorReply(code: "ambiguous-build", message: "two builds begin so") }])
        try await FakeFarm.with([script]) { farm in
            let session = try await Self.session(farm)
            let error = await #expect(throws: ClientError.self) { try await session.resolve(BuildID("b")) }
            #expect(error?.reason == "ambiguous-build")
        }
    }

    @Test("A farm that gives the same part again and again, or empty ones with more to come, is asked no more")
    func stuck() async throws {
        let same: Answer = { _ in
            WorkerList(workers: [Self.worker("a")], next: WorkerName("a"))
        }
        let empty: Answer = { _ in Builds(builds: [], next: BuildID("b1")) }
        try await FakeFarm.with([Self.answering([same, same, empty])]) { farm in
            let session = try await Self.session(farm)
            let first = await #expect(throws: ClientError.self) { try await session.workers() }
            #expect(first?.code == .badReply)
            let second = await #expect(throws: ClientError.self) { try await session.builds(limit: 10) }
            #expect(second?.code == .badReply)
        }
    }
}
