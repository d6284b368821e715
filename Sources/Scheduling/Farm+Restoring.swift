import FactoryEvents
import FactoryProtocol
import FactoryQueue

extension Farm {
    /// Notices that the database was restored from a copy that is older than the logs, and brings it to where it can go on.
    /// Without that the logs would drop what the farm says from now on, because its numbers are in them already.
    ///
    /// - Throws: ``QueueError``, ``EventsError`` when the logs cannot be listed or one that is ahead cannot be opened.
    func catchUpWithLogs() async throws {
        let ahead = try await logs.ahead(of: try await store.lastFarmEvent())
        for (build, error) in ahead.unreadable {
            log.warning(
                "Whether a build's log is newer than the database cannot be read.",
                ["build": build.rawValue, "why": error.message])
        }
        guard let highest = ahead.numbers.values.max() else { return }
        var known: [LoggedBuild] = []
        for build in try await store.known(ahead.numbers.keys.sorted()) {
            known.append(
                LoggedBuild(
                    build: build, farmEvents: try await logs.farmEvents(of: build),
                    attempts: try await logs.log(of: build).lastAttempts))
        }
        guard try await store.catchUp(to: highest, known) else { return }
        log.warning(
            "The database is older than the logs: it was restored from a copy. What came after that copy is done again.",
            ["builds": "\(known.count)", "unknown": "\(ahead.numbers.count - known.count)"])
    }
}
