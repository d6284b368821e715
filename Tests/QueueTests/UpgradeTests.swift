import FactoryProtocol
import FactoryQueue
import FactorySpec
import FoundationEssentials
import IO
import SQLite
import TestSupport
import Testing

/// Databases of other releases.
@Suite struct UpgradeTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }
    private var path: String { folder.file("q.sqlite") }

    private func opened() throws -> JobStore {
        try JobStore(path: path, clock: { Timestamp(milliseconds: 1_795_842_700_000) }, isStored: { _ in true })
    }

    /// `Tests/Fixtures/queue/0004.sql`: queued, leased, running and ended builds.
    private func oldQueue() throws {
        let fixture =
            #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(2).joined(separator: "/")
            + "/Fixtures/queue/0004.sql"
        let db = try Connection(path, .writer)
        try db.script(try FileIO.readText(fixture, limit: 1 << 20))
    }

    @Test func aQueueOfTheReleaseBeforeGoesOn() async throws {
        try oldQueue()
        let store = try opened()
        #expect(
            try await store.jobCounts() == [
                "failed": 1, "leased": 1, "ready": 1, "running": 1, "succeeded": 1, "waiting": 2,
            ])
        #expect(try await store.openClaims().map(\.worker.rawValue) == ["old-worker", "old-worker"])
        // What runs ends as if nothing had happened; what was leased is taken.
        for (worker, claim) in try await store.openClaims() {
            #expect(try await store.attempt(of: claim, by: worker)?.number == 1)
            _ = try await store.accept(claim)
            #expect(try await store.finish(claim, .succeeded, artifacts: []) == .current)
        }
        // What is queued is claimed, job after job.
        var ran: [String] = []
        while let ready = try await store.readyJobs().first {
            let claimed = try #require(try await store.claim(ready.job, for: WorkerName("new-worker")).job)
            ran.append(claimed.work.kind)
            _ = try await store.accept(claimed.claim)
            #expect(try await store.finish(claimed.claim, .succeeded, artifacts: []) == .current)
        }
        #expect(ran == ["image", "iso", "boot-check"])
        #expect(try await store.jobCounts() == ["failed": 1, "succeeded": 6])
        // What failed before is tried again.
        let failed = try #require(try await store.builds(limit: 10, states: [.failed]).first)
        #expect(try await store.retry(failed.build).count == 1)
        let again = try #require(try await store.readyJobs().first)
        #expect(try await store.claim(again.job, for: WorkerName("w")).job?.attempt == 2)
    }

    /// With a write-ahead log as a kill leaves it: opening for writing would empty it into the database.
    @Test func theDatabaseOfANewerReleaseIsRefusedAndNoByteOfItChanges() async throws {
        try oldQueue()
        _ = try opened()
        let killed = folder.file("killed")
        do {
            let db = try Connection(path, .writer)
            try db.run("INSERT INTO migrations VALUES ('9999_later', 'd', 't')")
            // Copied while it is open, as a kill would leave it.
            try Directory.make(killed)
            for name in ["q.sqlite", "q.sqlite-wal"] {
                try FileManager.default.copyItem(atPath: folder.file(name), toPath: killed + "/" + name)
            }
        }
        let copy = killed + "/q.sqlite"
        let before = try ["", "-wal"].map { try FileIO.read(copy + $0, limit: 1 << 24) }
        #expect(!before[1].isEmpty)
        let error = #expect(throws: QueueError.self) {
            try JobStore(path: copy, clock: { Timestamp(milliseconds: 1) }, isStored: { _ in true })
        }
        #expect(error?.code.rawValue == "database-newer", "\(String(describing: error))")
        #expect(error?.message.contains("9999_later") == true)
        #expect(try ["", "-wal"].map { try FileIO.read(copy + $0, limit: 1 << 24) } == before)
    }
}
