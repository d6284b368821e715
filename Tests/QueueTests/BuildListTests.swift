import FactoryProtocol
import FactoryQueue
import SQLite
import Testing

@Suite(.timeLimit(.minutes(2)))
struct BuildListTests {
    @Test func theStateIsLookedForAmongAllOfTwentyThousandBuilds() async throws {
        let fixture = try QueueFixture()
        let store = fixture.store
        _ = try await store.writer.write { db in
            // The oldest hundred failed; all others are queued.
            try db.run(
                """
                WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 20000)
                INSERT INTO builds(id, submitted_by, idempotency_key, spec_digest, spec_json, title, warnings_json,
                    no_cache, submitted_at, state, ended_at, verdict_json)
                SELECT printf('%026d', n), 'u', n, 'sha256:0', '{}', 'build ' || n, '[]', 0, n,
                    iif(n <= 100, 'failed', 'queued'), iif(n <= 100, n, NULL), iif(n <= 100, '{}', NULL)
                FROM numbers
                """)
        }
        let begin = ContinuousClock.now
        let failed = try await store.builds(limit: 1000, states: [.failed])
        #expect(failed.map(\.submittedAt.milliseconds) == Array((1...100).reversed()))
        #expect(failed.allSatisfy { $0.state == .failed && $0.jobs == 0 })
        let older = try await store.builds(limit: 10, states: [.failed, .queued], before: failed[0].build)
        #expect(older.map(\.submittedAt.milliseconds) == Array((90...99).reversed()))
        #expect(try await store.builds(limit: 3).map(\.submittedAt.milliseconds) == [20_000, 19_999, 19_998])
        #expect(ContinuousClock.now - begin < .seconds(10), "three lists of 20 000 builds take milliseconds")
    }
}
