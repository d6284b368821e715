import FactoryProtocol
import FactoryQueue
import FactorySpec
import IO
import SQLite
import TestSupport
import Testing

/// A queue in a folder of its own, with a clock that a test moves and a store that a test fills.
final class QueueFixture: Sendable {
    let folder: TemporaryFolder
    let store: JobStore
    private let time = Locked(Timestamp(milliseconds: 1_700_000_000_000))
    private let kept = Locked<Set<Digest>>([])

    init() throws {
        let folder = try TemporaryFolder()
        self.folder = folder
        let (time, kept) = (time, kept)
        store = try JobStore(
            path: folder.file("q.sqlite"), clock: { time.withLock { $0 } },
            isStored: { artifact in kept.withLock { $0.contains(artifact.digest) } })
    }

    /// The same database opened anew, as after a restart.
    func reopened() throws -> JobStore {
        let (time, kept) = (time, kept)
        return try JobStore(
            path: folder.file("q.sqlite"), clock: { time.withLock { $0 } },
            isStored: { artifact in kept.withLock { $0.contains(artifact.digest) } })
    }

    /// Changes rows as no release of ours does.
    func change(_ sql: String) async throws { try await store.writer.write { db in try db.script(sql) } }

    func pass(_ duration: Duration) { time.withLock { $0 = $0.advanced(by: duration) } }

    func keep(_ artifacts: [Artifact]) { kept.withLock { $0.formUnion(artifacts.map(\.digest)) } }
    func lose(_ artifacts: [Artifact]) { kept.withLock { $0.subtract(artifacts.map(\.digest)) } }

    func submission(
        key: String = "k", user: String = "alice", noCache: Bool = false, version: String = "v1.0.0"
    ) throws -> Submission {
        let spec = BuildSpec(base: .distribution(.bookworm), version: try ImageVersion(parsing: version))
        return Submission(
            spec: spec, plan: Planner.plan(spec), idempotencyKey: key, noCache: noCache, user: user)
    }

    /// Claims and accepts the one job that is ready.
    func start(_ worker: String = "w1") async throws -> ClaimedJob {
        let ready = try await store.readyJobs()
        let job = try #require(ready.first)
        let claimed = try #require(try await store.claim(job.job, for: WorkerName(worker)).job)
        #expect(try await store.accept(claimed.claim) == .current(cancelReason: nil))
        return claimed
    }

    /// An artifact whose digest follows from its name.
    static func artifact(_ name: String, _ role: Artifact.Role) throws -> Artifact {
        var hash = [UInt8](repeating: 0, count: 32)
        for (index, byte) in name.utf8.enumerated() { hash[index % 32] &+= byte }
        return Artifact(
            name: name, role: role, digest: Digest(hash: hash), size: 3, mediaType: "application/octet-stream")
    }

    /// Runs a whole build; what its jobs made.
    @discardableResult
    func runBuild(_ submission: Submission) async throws -> (receipt: Receipt, ran: [String]) {
        let receipt = try await store.submit(submission)
        var ran: [String] = []
        while let job = try await store.readyJobs().first {
            let claimed = try await start()
            ran.append(job.job.rawValue.split(separator: ".").last.map(String.init) ?? "")
            let artifacts: [Artifact]
            switch claimed.work {
            case .image: artifacts = [try Self.artifact("manifest", .manifest)]
            case .iso: artifacts = [try Self.artifact("a.iso", .iso)]
            case .bootCheck:
                artifacts = [try Self.artifact("boot-check.json", .bootVerdict)]
                let result = BootResult(
                    firmware: "bios", passed: true, reason: "login-prompt", milliseconds: 1, accelerator: "tcg")
                try await store.record(result, claimed.claim, attempt: claimed.attempt)
            case .selfTest: artifacts = []
            }
            keep(artifacts)
            #expect(try await store.finish(claimed.claim, .succeeded, artifacts: artifacts) == .current)
        }
        return (receipt, ran)
    }
}

extension ClaimResult {
    /// The job, when it was claimed.
    var job: ClaimedJob? {
        if case .claimed(let job) = self { job } else { nil }
    }
}
