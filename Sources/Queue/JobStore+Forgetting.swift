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

    /// How many digests are looked at in one transaction.
    private static let digestsAtOnce = 100

    /// Which of these digests are nobody's artifact.
    ///
    /// Asked of the writer, in small transactions: an end that is being written when this is asked is seen. Who takes a digest
    /// for stored afterwards must see that it is leaving the store.
    package func unreferenced(_ digests: [Digest]) async throws(QueueError) -> [Digest] {
        var found: [Digest] = []
        var rest = digests[...]
        while !rest.isEmpty {
            let some = Array(rest.prefix(Self.digestsAtOnce))
            rest = rest.dropFirst(Self.digestsAtOnce)
            found += try await write { db in
                try some.filter { digest in
                    let count: Int = try db.one("SELECT count(*) FROM artifacts WHERE digest = ?", digest)
                    return count == 0
                }
            }
        }
        return found
    }
}
