import FactoryProtocol

/// Which workers declined a job since one took it: the others are asked before them. A pure value.
///
/// The queue knows only the last one. Of three workers two that decline would else be asked in turns, and the third never.
struct Decliners: Sendable, Equatable {
    private var workers: [JobID: Set<WorkerName>] = [:]

    /// Of more jobs than these nothing is known any more, which costs an offer or two each.
    static let most = 10_000

    /// A worker declined the job.
    mutating func declined(_ job: JobID, by worker: WorkerName) {
        if workers[job] == nil, workers.count >= Self.most { workers = [:] }
        workers[job, default: []].insert(worker)
    }

    /// A worker took the job, or all were asked: each is asked again.
    mutating func forget(_ job: JobID) { workers[job] = nil }

    /// The workers that have not declined the job.
    func others(_ offers: [WorkerOffer], for job: JobID) -> [WorkerOffer] {
        guard let declined = workers[job] else { return offers }
        return offers.filter { !declined.contains($0.name) }
    }
}
