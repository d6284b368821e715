import FactoryClient
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
    /// What was found on the machine, as the farm is told it.
    let capabilities: Locked<[String: String]>
    /// The connection with the farm; the last one, where it is lost.
    let session = Locked<FarmSession?>(nil)
    private let locks = Locked<[Claim: SpoolLock]>([:])

    init(
        _ settings: WorkerSettings, _ containment: Containment, capabilities: [String: String], _ log: Log
    ) {
        self.capabilities = Locked(capabilities)
        self.settings = settings
        self.containment = containment
        self.log = log
        delivery = Delivery(log)
    }

    /// Keeps the lock of a spool whose job does not live, until the spool is gone.
    func keep(_ lock: SpoolLock, of claim: Claim) { locks.withLock { $0[claim] = lock } }

    /// The spool of a claim is gone.
    func release(_ claim: Claim) { locks.withLock { _ = $0.removeValue(forKey: claim) } }

    /// Looks at the worker's directory again, because a job says that its mount forbids what it does. What the farm was
    /// told is told anew when that is so: the job would else be tried here until no attempt is left.
    func lookAgain() async {
        let place = await WorkPlace.look(settings.trees, containment: containment)
        let isNew = capabilities.withLock { known in
            var capabilities = Capabilities(found: known, missing: [])
            capabilities.note(place)
            defer { known = capabilities.found }
            return known != capabilities.found
        }
        guard isNew else { return }
        for problem in place.problems {
            log.write(.error, "The agent takes no more jobs that need isolation.", ["why": problem])
        }
        session.withLock { $0?.close() }
    }

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
