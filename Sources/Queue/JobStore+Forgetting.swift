package import FactoryProtocol
import SQLite

/// What the queue lets go of. A build is forgotten whole, and only when its log has all that the farm said of it.
extension JobStore {
    /// Forgets builds that ended longer than `age` ago, the oldest first, at most `limit`; which.
    package func forgetBuilds(endedFor age: Duration, limit: Int = 50) async throws(QueueError) -> [BuildID] {
        let oldest = now.advanced(by: .zero - age)
        return try await write { db in
            let builds: [BuildID] = try db.all(
                """
                SELECT id FROM builds WHERE ended_at < ? AND NOT EXISTS
                    (SELECT 1 FROM farm_events WHERE build = builds.id) ORDER BY id LIMIT ?
                """, oldest, limit)
            for build in builds {
                for table in ["artifacts", "boot_results", "attempts", "dependencies"] {
                    try db.run("DELETE FROM \(table) WHERE job IN (SELECT id FROM jobs WHERE build = ?)", build)
                }
                try db.run("DELETE FROM jobs WHERE build = ?", build)
                try db.run("DELETE FROM builds WHERE id = ?", build)
            }
            return builds
        }
    }

    /// Calls `discard` for each digest that is nobody's artifact. No job can end or be settled from an earlier result
    /// meanwhile, so what is nobody's stays so; `discard` must be quick.
    package func discardUnreferenced(
        _ digests: [Digest], _ discard: @escaping @Sendable (Digest) throws -> Void
    ) async throws(QueueError) {
        try await write { db in
            for digest in digests {
                let count: Int = try db.one("SELECT count(*) FROM artifacts WHERE digest = ?", digest)
                if count == 0 { try discard(digest) }
            }
        }
    }
}
