package import FactoryProtocol

/// Decides which worker gets a job, and says why a job waits. Pure: the same offers give the same answer.
package enum Placement {
    /// Why a worker does not take a job.
    package enum Obstacle: Sendable, Equatable {
        /// It does not build for the architecture.
        case architecture
        /// It lacks capabilities.
        case missing([String])
        /// It is not connected, or is draining.
        case state(WorkerSummary.State)
        /// All its slots are taken.
        case full(slots: Int)

        /// Whether it may go away by itself. What cannot is worth a warning when the job is submitted.
        package var isLasting: Bool {
            switch self {
            case .architecture, .missing: true
            case .state, .full: false
            }
        }

        /// In a few words.
        package var words: String {
            switch self {
            case .architecture: "builds for another architecture"
            case .missing(let names): "lacks " + names.joined(separator: ", ")
            case .state(.draining): "is draining"
            case .state(.dead): "is silent"
            case .state(.disconnected): "is not connected"
            case .state(.connected): "is connected"
            case .full(let slots): slots == 1 ? "its one slot is taken" : "all \(slots) slots are taken"
            }
        }
    }

    /// Everything that keeps `worker` from taking the job; empty when it can.
    package static func obstacles(_ need: JobNeed, _ worker: WorkerOffer) -> [Obstacle] {
        var found: [Obstacle] = []
        if !worker.architectures.contains(need.architecture) { found.append(.architecture) }
        let missing = need.requirements.filter { !worker.has($0) }
        if !missing.isEmpty { found.append(.missing(missing)) }
        switch worker.state {
        case .connected: break
        case .draining, .dead, .disconnected: found.append(.state(worker.state))
        }
        if worker.held >= worker.slots { found.append(.full(slots: worker.slots)) }
        return found
    }

    /// The worker that gets the job: the one with the largest share of free slots, then the first by name.
    package static func choose(_ need: JobNeed, among workers: [WorkerOffer]) -> WorkerName? {
        workers.filter { obstacles(need, $0).isEmpty }
            .min { a, b in
                // held/slots compared without division.
                let (left, right) = (a.held * b.slots, b.held * a.slots)
                return left == right ? a.name < b.name : left < right
            }?.name
    }

    /// Whether some known worker can run the job once it is connected and has a free slot.
    package static func canEverRun(_ need: JobNeed, among workers: [WorkerOffer]) -> Bool {
        workers.contains { worker in !obstacles(need, worker).contains(where: \.isLasting) }
    }

    /// How many workers are named when it is said why a job waits.
    static let mostLines = 200

    /// Why the job waits, constraint by constraint and worker by worker.
    package static func explain(_ need: JobNeed, among workers: [WorkerOffer]) -> (summary: String, lines: [String]) {
        let wanted = ([need.architecture.rawValue] + need.requirements).joined(separator: " + ")
        guard !workers.isEmpty else {
            return ("needs \(wanted), and no worker is known", [])
        }
        let all = workers.sorted { $0.name < $1.name }.map { ($0, obstacles(need, $0)) }
        let able = all.filter { $0.1.isEmpty }.count
        let lines = all.map { worker, obstacles in
            "\(worker.name): " + (obstacles.isEmpty ? "can take it" : obstacles.map(\.words).joined(separator: "; "))
        }
        // A farm of thousands of workers is explained by the first of them.
        let more = lines.count > mostLines ? ["and \(lines.count - mostLines) more workers"] : []
        let shown = lines.prefix(mostLines) + more
        let count = "\(able) of \(all.count) \(all.count == 1 ? "worker" : "workers") can take it now"
        if able > 0 { return ("needs \(wanted): \(count)", Array(shown)) }
        let ever = canEverRun(need, among: workers)
        return ("needs \(wanted): \(count)" + (ever ? "" : ", and none ever will as they are"), Array(shown))
    }
}
