import FactoryProtocol
import FactoryQueue
import FactorySpec
import FactoryWire
import IO
import JSON
import SQLite
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
        try await fixture.run {
            let client = try await fixture.client()
            _ = try await fixture.submit(client)
            // No warning of ours is that long.
            let warning = String(repeating: "w", count: FrameLimits.afterWelcome)
            try await fixture.farm.store.writer.write { db in
                _ = try db.run(
                    "UPDATE builds SET warnings_json = ?", "[{\"code\":\"c\",\"message\":\"\(warning)\"}]")
            }
            let error = try await client.ask(
                Submit(spec: FarmFixture.selfTest(), idempotencyKey: "k"), for: ErrorReply.self)
            #expect(error.code == "reply-too-large")
            _ = try await client.ask(AskStatus(), for: StatusReport.self)
        }
    }

    /// An older release had no limits.
    private static let unlimited: [(Register, software: String)] = {
        func offer(
            _ capabilities: [String: String], host: String = "h", architectures: [Architecture] = [.amd64]
        ) -> Register {
            Register(architectures: architectures, slots: 1, capabilities: capabilities, host: host)
        }
        let long = String(repeating: "ä\u{1}", count: FrameLimits.afterWelcome / 6)
        let many = (0..<1000).map { ("tool.\($0)", String(repeating: "v", count: 500)) }
        return [
            (offer(["isolation": "namespaces", "tool": long]), "s"),
            (offer(["isolation": "namespaces", long: "yes", "": "yes"]), "s"),
            (offer(Dictionary(uniqueKeysWithValues: many + [("isolation", "namespaces")])), "s"),
            (offer(["isolation": "namespaces"], host: long), "s"), (offer(["isolation": "namespaces"]), long),
            (offer(["isolation": "namespaces"], architectures: Array(repeating: .amd64, count: 2000)), "s"),
        ]
    }()

    @Test(arguments: unlimited.indices)
    func aWorkerOfAnOlderReleaseIsCutToTheLimitsWhenItIsReadAndListed(index: Int) async throws {
        let fixture = try FarmFixture()
        let (offer, software) = Self.unlimited[index]
        _ = try await fixture.farm.store.register(WorkerName("w"), offer, software: software)
        try await fixture.run {
            let client = try await fixture.client()
            let list = try await client.ask(ListWorkers(), for: WorkerList.self)
            let worker = try #require(list.workers.first)
            #expect(worker.capabilities["isolation"] == "namespaces")
            #expect(worker.architectures.first == .amd64)
        }
        let cut = RegistrationLimits.cut(offer, software: software)
        #expect(RegistrationLimits.excess(of: cut.offer, software: cut.software) == nil)
    }

    @Test func anEndThatNoFrameHoldsIsToldWithoutItsArtifacts() async throws {
        let fixture = try FarmFixture()
        let store = fixture.farm.store
        let spec = BuildSpec(base: .distribution(.bookworm), version: try ImageVersion(parsing: "v1.0.0"))
        let build = try await store.submit(
            Submission(spec: spec, plan: Planner.plan(spec), idempotencyKey: "k", noCache: false, user: "u")
        ).build
        var made: [Artifact] = []
        for job in 0..<3 {
            let ready = try #require(try await store.readyJobs().first)
            guard case .claimed(let claimed) = try await store.claim(ready.job, for: WorkerName("w")) else { return }
            let artifacts = (0..<ReportLimits.artifacts).map { number in
                Artifact(
                    name: "\(number)-" + String(repeating: "n", count: 250),
                    role: Artifact.Role(rawValue: String(repeating: "r", count: ReportLimits.word)),
                    digest: Digest(hash: (0..<32).map { UInt8(truncatingIfNeeded: number &* $0 &+ job) }), size: .max,
                    mediaType: String(repeating: "m", count: ReportLimits.word))
            }
            fixture.kept.withLock { $0.formUnion(artifacts.map(\.digest)) }
            made += artifacts
            let failure = Failure(
                cause: .spec, code: "no-boot", message: "it does not boot",
                excerpt: Array(repeating: String(repeating: "\u{1}", count: 1024), count: 80))
            let outcome: Outcome = job == 2 ? .failed(failure) : .succeeded
            _ = try await store.finish(claimed.claim, outcome, artifacts: artifacts)
        }
        try await fixture.run {
            let client = try await fixture.client()
            let (events, verdict) = try await client.watch(build)
            #expect(events.map(\.seq) == Array(1...Int64(events.count)))
            guard case .buildEnded(let ended) = events.last?.kind else {
                Issue.record("\(events.map(\.kind.name))")
                return
            }
            #expect(ended.verdict.code == "no-boot" && ended.verdict.artifacts.isEmpty)
            #expect(ended.verdict.failure?.excerpt.isEmpty == false)
            #expect(verdict.code == "no-boot")
            // They are listed in parts.
            var found: [Artifact] = []
            var after: String?
            repeat {
                let part = try await client.ask(ListArtifacts(build: build, after: after), for: ArtifactList.self)
                found += part.artifacts.map(\.artifact)
                after = part.next
            } while after != nil && found.count < made.count
            #expect(found == made)
        }
    }

    private static let endless: [Event.Kind] = {
        let text = String(repeating: "\u{1}", count: FrameLimits.afterWelcome / 5)
        let artifact = Artifact(
            name: text, role: .iso, digest: Digest(hash: [UInt8](repeating: 1, count: 32)), size: 1, mediaType: text)
        let excerpt = Array(repeating: String(repeating: "\u{1}", count: 2048), count: 90)
        let failure = Failure(
            cause: .spec, code: text, message: text, step: text, excerpt: excerpt, exitStatus: text)
        let job = JobSummary(
            job: JobID("b.j"), name: text, kind: text, architecture: .amd64, needs: [], state: .ready)
        return [
            .stepStarted(StepStarted(step: text, title: text)),
            .stepProgress(StepProgress(step: text, done: 1, unit: .bytes, note: text)),
            .stepFinished(StepFinished(step: text, result: .done, milliseconds: 1, note: text)),
            .log(LogLine(step: text, text: text)), .warning(Warning(code: text, message: text)), .artifact(artifact),
            .bootResult(
                BootResult(firmware: text, passed: true, reason: text, milliseconds: 1, accelerator: text)),
            .buildAccepted(BuildAccepted(jobs: [job])),
            .jobStateChanged(JobStateChanged(state: .failed, reason: text, outcome: .failed(failure))),
            .buildEnded(
                BuildEnded(
                    verdict: Verdict(
                        result: .failed, cause: .spec, code: text, message: text, milliseconds: 1,
                        artifacts: [artifact], failure: failure))),
            .unknown(text),
        ]
    }()

    @Test(arguments: endless.indices)
    func everyEventHasAFormThatAFrameHolds(index: Int) throws {
        let event = Event(
            seq: .max, at: Timestamp(milliseconds: 1), job: JobID("b.j"), attempt: 1, kind: Self.endless[index])
        #expect(try EventMessage(event: event).frame(id: .max).count > FrameLimits.afterWelcome)
        let short = event.shortened
        #expect(try EventMessage(event: short).frame(id: .max).count <= FrameLimits.afterWelcome)
        #expect((short.seq, short.job, short.attempt) == (event.seq, event.job, event.attempt))
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
