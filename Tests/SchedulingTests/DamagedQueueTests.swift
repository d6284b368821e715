import FactoryProtocol
import FactoryQueue
import FactorySpec
import FactoryWire
import IO
import SQLite
import TestSupport
import Testing

@testable import FactoryScheduling

/// A column whose values are decoded, and values that cannot be.
struct DamagedColumn: Sendable, CustomTestStringConvertible {
    let name: String
    let value: String

    var testDescription: String { "\(name) = \(value)" }

    /// What another release or a broken disk may leave in each column that holds more than a text or a number.
    static let values: [String: [String]] = [
        "builds.spec_json": ["x"],
        "builds.warnings_json": ["x", "{}"],
        "builds.verdict_json": ["x", "{}"],
        "jobs.architecture": ["riscv64"],
        "jobs.work_json": ["x", "{\"kind\":\"x\"}"],
        "jobs.requirements_json": ["x", "{}", "[1]"],
        "jobs.outcome_json": ["x", "{\"result\":\"x\"}"],
        "attempts.outcome_json": ["x", "{}"],
        "workers.architectures_json": ["x", "[\"riscv64\"]"],
        "workers.capabilities_json": ["x", "[]"],
        "artifacts.digest": ["sha256:" + String(repeating: "Z", count: 64)],
        "boot_results.result_json": ["x", "{}"],
        "farm_events.event_json": ["x", "{\"kind\":\"buildEnded\"}"],
    ]

    /// Columns of text where any text is as good as another, and those whose words the schema checks.
    static let texts: Set<String> = [
        "artifacts.job", "artifacts.media_type", "artifacts.name", "artifacts.role", "attempts.job",
        "attempts.token_digest", "attempts.worker", "boot_results.firmware", "boot_results.job", "builds.id",
        "builds.idempotency_key", "builds.spec_digest", "builds.state", "builds.submitted_by", "builds.title",
        "dependencies.job", "dependencies.needs", "farm_events.build", "farm_events.job", "jobs.build",
        "jobs.cache_key", "jobs.cancel_reason", "jobs.id", "jobs.kind", "jobs.name", "jobs.reason", "jobs.state",
        "jobs.worker", "migrations.applied_at", "migrations.digest", "migrations.name", "workers.host",
        "workers.instance", "workers.name", "workers.software",
    ]

    static let all: [DamagedColumn] = values.sorted { $0.key < $1.key }.flatMap { name, values in
        values.map { DamagedColumn(name: name, value: $0) }
    }

    /// Whether the jobs of the damaged build cannot be shown, only be told of.
    var hidesJobs: Bool { name == "jobs.architecture" }

    var table: String { String(name.prefix { $0 != "." }) }
    var column: String { String(name.drop { $0 != "." }.dropFirst()) }
}

/// A row that cannot be read costs its own job, build or worker, whichever column it is.
@Suite(.timeLimit(.minutes(2)))
struct DamagedQueueTests {
    @Test func everyColumnOfTextIsInTheTable() async throws {
        let fixture = try FarmFixture()
        let columns: [String] = try await fixture.farm.store.readers.read { db in
            try db.all(
                """
                SELECT t.name || '.' || c.name FROM sqlite_schema AS t, pragma_table_info(t.name) AS c
                WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' AND c.type <> 'INTEGER'
                """)
        }
        #expect(Set(columns) == DamagedColumn.texts.union(DamagedColumn.values.keys))
    }

    /// A build that is over, one that runs, and one that would take the results of the first; the first two are damaged.
    private struct Three {
        let over: BuildID
        let running: BuildID
        let healthy: BuildID
        let held: Claim
    }

    private static let w1 = WorkerName("w1")

    private func submission(_ key: String, _ version: String, noCache: Bool = false) throws -> Submission {
        let spec = BuildSpec(base: .distribution(.bookworm), version: try ImageVersion(parsing: version))
        return Submission(
            spec: spec, plan: Planner.plan(spec), idempotencyKey: key, noCache: noCache, user: "alice")
    }

    private static func artifacts(of job: JobID, in fixture: FarmFixture) -> [Artifact] {
        let role: Artifact.Role =
            job.rawValue.contains(".image") ? .manifest : job.rawValue.contains(".iso") ? .iso : .bootVerdict
        let made = Artifact(
            name: role.rawValue, role: role,
            digest: Digest(hash: [UInt8](repeating: UInt8(role.rawValue.utf8.count), count: 32)), size: 1,
            mediaType: "x/y")
        fixture.kept.withLock { _ = $0.insert(made.digest) }
        return [made]
    }

    private static let booted = BootResult(
        firmware: "bios", passed: true, reason: "login-prompt", milliseconds: 1, accelerator: "tcg")

    /// Claims and accepts the ready job of a build.
    private func start(_ build: BuildID, _ store: JobStore) async throws -> ClaimedJob {
        let ready = try #require(try await store.readyJobs().first { $0.job.build == build })
        guard case .claimed(let claimed) = try await store.claim(ready.job, for: Self.w1) else {
            throw FarmError("test", "\(ready.job) was not claimed")
        }
        _ = try await store.accept(claimed.claim)
        return claimed
    }

    private func finish(_ job: ClaimedJob, _ fixture: FarmFixture) async throws {
        if case .bootCheck = job.work {
            try await fixture.farm.store.record(Self.booted, job.claim, attempt: job.attempt)
        }
        _ = try await fixture.farm.store.finish(
            job.claim, .succeeded, artifacts: Self.artifacts(of: job.claim.job, in: fixture))
    }

    private func prepare(_ fixture: FarmFixture, _ offer: Register) async throws -> Three {
        let store = fixture.farm.store
        _ = try await store.register(Self.w1, offer, software: "s")
        let over = try await store.submit(try submission("over", "v1.0.0")).build
        for _ in 1...3 { try await finish(try await start(over, store), fixture) }
        let running = try await store.submit(try submission("running", "v1.0.0", noCache: true)).build
        try await finish(try await start(running, store), fixture)
        let held = try await start(running, store).claim
        let healthy = try await store.submit(try submission("healthy", "v2.0.0")).build
        return Three(over: over, running: running, healthy: healthy, held: held)
    }

    private func damage(_ column: DamagedColumn, _ builds: Three, _ store: JobStore) async throws {
        let rows =
            switch column.table {
            case "workers": "1"
            case "builds": "id <> '\(builds.healthy)'"
            case "jobs", "farm_events": "build <> '\(builds.healthy)'"
            default: "job NOT LIKE '\(builds.healthy)%'"
            }
        try await store.writer.write { db in
            let changed = try db.run(
                "UPDATE \(column.table) SET \(column.column) = ? WHERE \(column.column) IS NOT NULL AND \(rows)",
                column.value)
            #expect(changed > 0)
        }
    }

    /// Does at once what it is given, until the test is over.
    private func serve(_ worker: TestPeer, _ fixture: FarmFixture) async throws {
        while true {
            let incoming = try await worker.connection.next(until: .never)
            guard incoming.type == Assign.type else { continue }
            let job: Assign = try incoming.decode()
            try await worker.say(Accepted(job: job.job, fence: job.fence))
            if job.job.rawValue.contains("boot") {
                let event = Event(seq: 1, at: .wall, kind: .bootResult(Self.booted))
                try await worker.say(JobEvents(job: job.job, fence: job.fence, events: [event]))
            }
            try await worker.say(
                Finished(
                    job: job.job, fence: job.fence, outcome: .succeeded,
                    artifacts: Self.artifacts(of: job.job, in: fixture)))
        }
    }

    @Test(arguments: DamagedColumn.all)
    func whatCannotBeReadCostsItsOwnBuildOrWorkerAndIsToldOnce(column: DamagedColumn) async throws {
        let lines = Locked<[String]>([])
        let log = FarmLog { level, sentence, values in
            guard level != .info else { return }
            lines.withLock { $0.append("\(sentence) \(values.sorted { $0.key < $1.key })") }
        }
        let first = try FarmFixture()
        let needed = Set(try submission("k", "v1.0.0").plan.jobs.flatMap(\.requirements))
        let offer = Register(
            architectures: [.amd64], slots: 3,
            capabilities: Dictionary(uniqueKeysWithValues: needed.map { ($0, "yes") }), host: "h")
        let builds = try await prepare(first, offer)
        try await damage(column, builds, first.farm.store)
        let fixture = try FarmFixture(in: first.folder, log: log)
        first.kept.withLock { kept in fixture.kept.withLock { $0 = kept } }
        try await fixture.run {
            let client = try await fixture.client()
            let worker = try await fixture.stranger("w1")
            _ = try await worker.ask(offer, for: Registered.self)
            let held = HeldJob(job: builds.held.job, fence: builds.held.fence, through: 0)
            let resumed = try await worker.ask(Resume(jobs: [held]), for: Resumed.self)
            #expect(resumed.keep.map(\.job) == [builds.held.job])
            try await worker.say(
                Finished(
                    job: builds.held.job, fence: builds.held.fence, outcome: .succeeded,
                    artifacts: Self.artifacts(of: builds.held.job, in: fixture)))
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try? await serve(worker, fixture) }
                defer { group.cancelAll() }
                let (_, good) = try await client.watch(builds.healthy)
                #expect(good.result == .succeeded, "\(good)")
                for build in [builds.over, builds.running] {
                    let (events, verdict) = try await client.watch(build)
                    #expect(events.map(\.seq) == Array(1...Int64(events.count)))
                    #expect(events.last?.kind == .buildEnded(BuildEnded(verdict: verdict)))
                    #expect(verdict.result == .succeeded || verdict.code?.hasPrefix("undecodable-") == true)
                }
            }
            try await look(at: builds, column, try await fixture.client())
        }
        let told = lines.withLock { $0 }
        #expect(Set(told).count == told.count, "\(told)")
        #expect(try await fixture.farm.store.knownWorkers().map(\.name) == [Self.w1])
        // What was found is mended, or is left out for good: the next daemon has no more to say of what is over.
        let next = try FarmFixture(in: first.folder)
        try await next.run { try await look(at: builds, column, try await next.client()) }
    }

    /// Everything that a user can ask is answered.
    private func look(at builds: Three, _ column: DamagedColumn, _ client: TestPeer) async throws {
        let list = try await client.ask(ListBuilds(limit: 10), for: Builds.self)
        #expect(list.builds.count == 3)
        #expect(list.builds.allSatisfy { $0.endedAt != nil })
        _ = try await client.ask(ListWorkers(), for: WorkerList.self)
        _ = try await client.ask(AskStatus(), for: StatusReport.self)
        for build in [builds.healthy, builds.over, builds.running] {
            _ = try await client.ask(ListArtifacts(build: build), for: ArtifactList.self)
            guard build == builds.healthy || !column.hidesJobs else {
                let error = try await client.ask(ShowBuild(build: build), for: ErrorReply.self)
                #expect(error.code == "unreadable-row" && error.message.contains(build.rawValue), "\(error.message)")
                continue
            }
            let shown = try await client.ask(ShowBuild(build: build), for: BuildDetails.self)
            #expect(shown.verdict != nil)
            for job in shown.jobs { _ = try await client.ask(Explain(job: job.job), for: Explained.self) }
        }
    }
}
