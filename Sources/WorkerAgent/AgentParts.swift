import FactoryExecution
import FactoryProtocol
import IO
import Processes
import Systemd

/// What an agent's jobs share.
final class AgentParts: Sendable {
    let settings: WorkerSettings
    let containment: Containment
    let delivery: Delivery
    let log: Log
    private let locks = Locked<[Claim: SpoolLock]>([:])

    init(_ settings: WorkerSettings, _ containment: Containment, _ log: Log) {
        self.settings = settings
        self.containment = containment
        self.log = log
        delivery = Delivery(log)
    }

    /// Keeps the lock of a spool whose job does not live, until the spool is gone.
    func keep(_ lock: SpoolLock, of claim: Claim) { locks.withLock { $0[claim] = lock } }

    /// The spool of a claim is gone.
    func release(_ claim: Claim) { locks.withLock { _ = $0.removeValue(forKey: claim) } }

    /// What jobs get of our environment.
    let jobEnvironment = ToolEnvironment.current.job
}

extension Outcome {
    /// In a word or two, for logs.
    var word: String {
        switch self {
        case .succeeded: "succeeded"
        case .failed(let failure): "failed: \(failure.code)"
        case .cancelled(let cancellation): cancellation.killed ? "killed" : "cancelled"
        }
    }
}
