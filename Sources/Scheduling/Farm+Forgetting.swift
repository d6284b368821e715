import FactoryEvents
import FactoryProtocol
import FactoryQueue

/// What the farm lets go of in the course of time, so that it does not grow for ever.
extension Farm {
    /// Forgets workers that are gone, builds that are over for long, and artifacts that are nobody's any more.
    func forget() async {
        await forgetWorkers()
        await forgetBuilds()
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
