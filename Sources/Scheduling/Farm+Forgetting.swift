import FactoryEvents
import FactoryProtocol
import FactoryQueue
import IO

/// What the farm lets go of in the course of time, so that it does not grow for ever.
extension Farm {
    /// Forgets workers that are gone, builds that are over for long, and artifacts that are nobody's any more.
    func forget() async {
        await forgetWorkers()
        await forgetBuilds()
        await removeOrphanLogs()
        await forgetUnplaced()
        await access.removeUnused(store)
    }

    private func forgetBuilds() async {
        guard let age = settings.forgetBuildsAfter else { return }
        do {
            while true {
                let builds = try await store.forgetBuilds(endedFor: age)
                guard !builds.isEmpty else { return }
                for build in builds { try await logs.remove(build) }
                log.info("Builds that ended long ago are forgotten.", ["builds": "\(builds.count)"])
            }
        } catch {
            log.warning("Builds that ended long ago could not be forgotten.", ["why": "\(error)"])
        }
    }

    /// Removes logs of builds that the queue does not know, once nothing was written to them for as long as builds are kept. A
    /// crash between forgetting a build and removing its log leaves one, and so does a database that was restored from a copy.
    private func removeOrphanLogs() async {
        guard let age = settings.forgetBuildsAfter else { return }
        do {
            // Listed before the queue is asked: it knows of a build before there is a log of it.
            let listed = try await logs.builds()
            let removed = try await removeOrphans(among: listed, unchangedSince: store.now.advanced(by: .zero - age))
            guard removed > 0 else { return }
            log.info("Logs of builds that the queue does not know are removed.", ["logs": "\(removed)"])
        } catch {
            log.warning("Logs of builds that the queue does not know could not be removed.", ["why": "\(error)"])
        }
    }

    /// Removes the logs of those builds that the queue does not know and that have not changed since `oldest`; how many.
    func removeOrphans(among listed: [BuildID], unchangedSince oldest: Timestamp) async throws -> Int {
        var removed = 0
        var rest = listed[...]
        while !rest.isEmpty {
            let some = Array(rest.prefix(Self.logsAtOnce))
            rest = rest.dropFirst(Self.logsAtOnce)
            let known = Set(try await store.known(some))
            for build in some where !known.contains(build) {
                guard let changed = try await logs.lastChange(of: build), changed < oldest else { continue }
                try await logs.remove(build)
                removed += 1
            }
        }
        return removed
    }

    /// So many builds the queue is asked about at once.
    private static let logsAtOnce = 500

    /// Forgets which jobs could not be placed, where they do not wait for that any more: the error is told of again when one
    /// of them comes back.
    private func forgetUnplaced() async {
        let jobs = unplaced.withLock { $0 }
        guard !jobs.isEmpty else { return }
        do throws(QueueError) {
            let ready = Set(try await store.ready(among: jobs.sorted()))
            unplaced.withLock { $0.subtract(jobs.subtracting(ready)) }
        } catch {
            log.warning("Which jobs wait to be placed could not be read.", ["why": "\(error)"])
        }
    }

    /// Forgets workers that were not here for long: no job waits for them.
    private func forgetWorkers() async {
        do throws(QueueError) {
            let gone = try await store.forgetWorkers(
                silentFor: settings.forgetWorkersAfter, present: registry.present())
            registry.forget(gone)
            for name in gone { log.info("A worker that was gone for long is forgotten.", ["worker": name.rawValue]) }
        } catch {
            log.warning("Which workers are gone for good could not be noted.", ["why": "\(error)"])
        }
    }
}
