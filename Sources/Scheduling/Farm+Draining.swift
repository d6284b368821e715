import FactoryProtocol
import FactoryQueue

extension Farm {
    /// Sets whether a worker gets more jobs, in the queue and in memory.
    ///
    /// - Throws: ``QueueError/Code/unknownWorker``.
    func setDraining(_ name: WorkerName, _ isDraining: Bool) async throws(QueueError) {
        try await store.setDraining(name, isDraining)
        try await takeOverDraining(of: name)
    }

    /// Takes over from the queue whether a worker drains.
    func takeOverDraining(of name: WorkerName) async throws(QueueError) {
        try await takeOverDraining(of: name) { () async throws(QueueError) in try await store.isDraining(name) }
    }

    /// The same; `read` asks the queue.
    ///
    /// A registration and orders of several administrators may meet here. Each has written to the queue before, and what the
    /// queue has last must count: who was overtaken between reading and noting reads again.
    func takeOverDraining(
        of name: WorkerName, read: () async throws(QueueError) -> Bool
    ) async throws(QueueError) {
        var isNoted = false
        while !isNoted {
            let version = registry.drainingVersion(of: name)
            isNoted = registry.setDraining(name, try await read(), at: version)
        }
    }
}
