import FactoryProtocol
import IO

/// Which workers declined a job since one took it: the others are asked before them. A pure value.
///
/// The queue knows only the last one. Of three workers two that decline would else be asked in turns, and the third never.
struct Decliners: Sendable, Equatable {
    private var workers: [JobID: Set<WorkerName>] = [:]
    private var counts: [JobID: Int] = [:]

    /// After so many declines a job waits for a worker that has not declined it and that is busy now.
    static let patience = 4

    /// Of more jobs than these nothing is known any more, which costs an offer or two each.
    static let most = 10_000

    /// A worker declined the job.
    mutating func declined(_ job: JobID, by worker: WorkerName) {
        if workers[job] == nil, workers.count >= Self.most { self = Decliners() }
        workers[job, default: []].insert(worker)
        counts[job] = (counts[job] ?? 0).addingSaturated(1)
    }

    /// A worker took the job, or all were asked: each is asked again.
    mutating func forget(_ job: JobID) {
        workers[job] = nil
        counts[job] = nil
    }

    /// Whether a worker that declined the job may be asked again while another one is only busy. Declines in a row become a
    /// failed attempt, and one worker that is ill must not use up the attempts of every job.
    func mayAskAgain(_ job: JobID) -> Bool { (counts[job] ?? 0) < Self.patience }

    /// The workers that have not declined the job.
    func others(_ offers: [WorkerOffer], for job: JobID) -> [WorkerOffer] {
        guard let declined = workers[job] else { return offers }
        return offers.filter { !declined.contains($0.name) }
    }
}
