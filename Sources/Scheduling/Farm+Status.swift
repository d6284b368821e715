package import FactoryProtocol
package import FactoryQueue
import IO

extension Farm {
    /// How the farm is.
    package func status() async throws(QueueError) -> StatusReport {
        let workers = registry.summaries()
        let connected = workers.filter { $0.state == .connected }
        let usage = await access.usage()
        let problems = try await problems(workers)
        return StatusReport(
            server: settings.server, root: root, startedAt: startedAt, now: store.now,
            jobs: try await store.jobCounts(),
            workers: workers.filter { $0.state == .connected || $0.state == .draining }.count,
            freeSlots: connected.map { max(0, $0.slots - $0.jobs.count) }.reduce(0, +), storeBytes: usage.store,
            freeBytes: usage.free, problems: problems)
    }

    /// Why the store takes no artifact now, because there is no room; nil when it does. From memory, a second old at most.
    package var shortage: String? { storeShortage.withLock { $0 } }

    /// What needs attention.
    package func problems() async throws(QueueError) -> [Problem] { try await problems(registry.summaries()) }

    /// Program and version.
    package var server: String { settings.server }

    private func problems(_ workers: [WorkerSummary]) async throws(QueueError) -> [Problem] {
        var problems: [Problem] = []
        let offers = registry.offers()
        for job in try await store.readyJobs(limit: 100) {
            let need = JobNeed(job: job.job, architecture: job.architecture, requirements: job.requirements)
            guard !Placement.canEverRun(need, among: offers) else { continue }
            problems.append(
                Problem(
                    path: job.job.rawValue, code: "no-worker", message: Placement.explain(need, among: offers).summary,
                    suggestion: "factoryctl explain \(job.job.build) \(job.job.rawValue.drop { $0 != "." }.dropFirst())"
                ))
        }
        for worker in workers where worker.state == .dead && !worker.jobs.isEmpty {
            problems.append(
                Problem(
                    path: worker.name.rawValue, code: "worker-silent",
                    message: "worker \(worker.name) is silent and holds \(worker.jobs.count) jobs"))
        }
        if let refusal = store.refusal {
            problems.append(Problem(path: "", code: refusal.code.rawValue, message: refusal.message))
        }
        if let shortage {
            problems.append(Problem(path: "", code: "disk-full", message: shortage))
        }
        // A farm that is in trouble has one for each job and worker; a message has an end.
        return Array(problems.prefix(200))
    }
}
