import FactoryProtocol
import FactoryQueue
import FactoryWire
import JSON
import Testing

@testable import FactoryScheduling

/// Answers that may be longer than a message: each comes in parts or as an error, and the connection lives.
@Suite(.timeLimit(.minutes(2)))
struct LongListTests {
    private static func artifact(_ number: Int) -> JobArtifact {
        let hash = (0..<32).map { UInt8(truncatingIfNeeded: number >> ($0 % 8)) }
        let name = "\(number)-" + String(repeating: "n", count: 200)
        return JobArtifact(
            job: JobID("01K8ZQ6T5X0000000000000000.image-amd64"),
            artifact: Artifact(name: name, role: .layer, digest: Digest(hash: hash), size: 1, mediaType: "x/y"))
    }

    @Test func allWorkersComeInParts() async throws {
        let fixture = try FarmFixture()
        let values = (0..<60).map { ("tool.\($0)", String(repeating: "v", count: 1000)) }
        let offer = Register(
            architectures: [.amd64], slots: 1, capabilities: Dictionary(uniqueKeysWithValues: values), host: "h")
        let names = (100..<150).map { WorkerName("w\($0)") }
        for name in names { try await fixture.farm.store.register(name, offer, software: "s") }
        try await fixture.run {
            let client = try await fixture.client()
            var found: [WorkerName] = []
            var after: WorkerName?
            var parts = 0
            repeat {
                let part = try await client.ask(ListWorkers(after: after), for: WorkerList.self)
                found += part.workers.map(\.name)
                (after, parts) = (part.next, parts + 1)
            } while after != nil && parts < 100
            #expect(found == names)
            #expect(parts > 1)
        }
    }

    @Test func buildsComeInPartsByTheLimitToo() async throws {
        let fixture = try FarmFixture()
        try await fixture.run {
            let client = try await fixture.client()
            var builds: [BuildID] = []
            for key in 0..<5 { builds.append(try await fixture.submit(client, key: "\(key)").build) }
            var found: [BuildID] = []
            var before: BuildID?
            repeat {
                let part = try await client.ask(ListBuilds(limit: 2, before: before), for: Builds.self)
                #expect(part.builds.count <= 2)
                found += part.builds.map(\.build)
                before = part.next
            } while before != nil && found.count < 100
            #expect(found == builds.sorted(by: >))
        }
    }

    @Test func aBuildOfManyArtifactsFitsAndNoneIsLost() throws {
        let all = (0..<5000).map(Self.artifact)
        let details = BuildDetails(
            summary: BuildSummary(
                build: BuildID("01K8ZQ6T5X0000000000000000"), title: "t", state: .succeeded, submittedBy: "u",
                submittedAt: Timestamp(milliseconds: 1), jobsDone: 1, jobs: 1),
            specDigest: "sha256:0", spec: .object([:]), jobs: [], artifacts: all,
            verdict: Verdict(result: .succeeded, message: "m", milliseconds: 1, artifacts: all.map(\.artifact)),
            lastSeq: 1)
        let fitting = try details.fitting()
        #expect(try fitting.frame(id: .max).count <= FrameLimits.afterWelcome)
        var found = fitting.artifacts
        var next = fitting.nextArtifacts
        while let place = next {
            let part = try ArtifactPages(all).page(after: place)
            #expect(try part.frame(id: .max).count <= FrameLimits.afterWelcome)
            #expect(!part.artifacts.isEmpty)
            (found, next) = (found + part.artifacts, part.next)
        }
        #expect(found == all)
        #expect(throws: FarmError.self) { try ArtifactPages(all).page(after: "elsewhere") }
    }

    @Test func anAnswerThatNoFrameHoldsIsAnErrorAndTheConnectionLives() async throws {
        let fixture = try FarmFixture()
        // Of an older release, which had no limits.
        let offer = Register(
            architectures: [.amd64], slots: 1,
            capabilities: ["tool": String(repeating: "v", count: FrameLimits.afterWelcome)], host: "h")
        try await fixture.farm.store.register(WorkerName("w"), offer, software: "s")
        try await fixture.run {
            let client = try await fixture.client()
            let error = try await client.ask(ListWorkers(), for: ErrorReply.self)
            #expect(error.code == "reply-too-large")
            _ = try await client.ask(AskStatus(), for: StatusReport.self)
        }
    }

    @Test func aDescriptionWithNineHundredProblemsIsAnsweredWithSome() async throws {
        let fixture = try FarmFixture()
        try await fixture.run {
            let client = try await fixture.client()
            let keys = (0..<900).map { ("key\($0)" + String(repeating: "k", count: 50), JSONValue.integer(1)) }
            let spec = JSONValue.object(Dictionary(uniqueKeysWithValues: keys))
            let error = try await client.ask(Submit(spec: spec, idempotencyKey: "k"), for: ErrorReply.self)
            #expect(error.code == "bad-spec")
            #expect(!error.problems.isEmpty && error.problems.count <= 100)
            _ = try await client.ask(AskStatus(), for: StatusReport.self)
        }
    }

    @Test func theBeginningOfAnIdentifierIsResolvedByASmallMessage() async throws {
        let fixture = try FarmFixture()
        try await fixture.run {
            let client = try await fixture.client()
            let build = try await fixture.submit(client).build
            let start = BuildID(String(build.rawValue.prefix(10)).lowercased())
            #expect(try await client.ask(ResolveBuild(build: start), for: ResolvedBuild.self).build == build)
            let unknown = try await client.ask(ResolveBuild(build: BuildID("ZZ")), for: ErrorReply.self)
            #expect(unknown.code == "unknown-build")
        }
    }

    private static let offers: [(offer: Register, field: String)] = {
        func offer(_ capabilities: [String: String], slots: Int = 1, host: String = "h", count: Int = 1) -> Register {
            Register(
                architectures: Array(repeating: .amd64, count: count), slots: slots, capabilities: capabilities,
                host: host)
        }
        func many(_ count: Int, _ size: Int) -> [String: String] {
            Dictionary(uniqueKeysWithValues: (0..<count).map { ("c\($0)", String(repeating: "v", count: size)) })
        }
        return [
            (offer([:], slots: 0), "slots"), (offer([:], slots: 65), "slots"), (offer([:], count: 0), "architectures"),
            (offer([:], count: 17), "architectures"), (offer(many(501, 1)), "capabilities"),
            (offer(["": "v"]), "capabilities"), (offer([String(repeating: "k", count: 65): "v"]), "capabilities"),
            (offer(many(1, 1025)), "capabilities"), (offer(many(100, 1000)), "capabilities"),
            (offer([:], host: String(repeating: "h", count: 256)), "host"),
        ]
    }()

    @Test(arguments: offers.indices)
    func anOfferBeyondALimitIsRefusedByItsField(index: Int) async throws {
        let (offer, field) = Self.offers[index]
        let fixture = try FarmFixture()
        try await fixture.run {
            let worker = try await fixture.stranger("w1")
            let error = try await worker.ask(offer, for: ErrorReply.self)
            #expect(error.code == "bad-message")
            #expect(error.message.contains("\(field): "), "\(error.message)")
            let client = try await fixture.client()
            #expect(try await client.ask(ListWorkers(), for: WorkerList.self).workers.isEmpty)
        }
    }

    @Test func aClientWhoseWatchIsOverIsIdleAgain() async throws {
        let fixture = try FarmFixture { $0.idle = .seconds(3) }
        try await fixture.run {
            let client = try await fixture.client()
            let build = try await fixture.submit(client).build
            try await client.connection.send(Watch(build: build, from: 1), id: 9)
            let _: EventMessage = try await client.expect()
            let other = try await fixture.client()
            _ = try await other.ask(CancelBuild(build: build, reason: "enough"), for: Cancelling.self)
            var last = try await client.next()
            while last.type == EventMessage.type { last = try await client.next() }
            #expect(last.type == WatchEnd.type)
            #expect(try await client.expect(ErrorReply.self).code == "too-slow")
        }
    }
}
