package import FactoryProtocol
package import IO

/// What a worker says first on every connection. Nothing is pushed by the server before `resumed`, so these may wait
/// for their answers; from then on the agent reads whatever comes.
extension FarmSession {
    /// Connects as a worker, registers it, and says which jobs it holds.
    ///
    /// - Parameters:
    ///   - endpoint: Where the farm is.
    ///   - hello: Who we are; its role must be `worker`.
    ///   - offer: What the worker offers.
    ///   - held: The jobs it holds, living or ended and not settled; none at its first start.
    ///   - deadline: When all of it must be done.
    /// - Returns: The session, and what the worker keeps and must drop.
    /// - Throws: What `open` and `request` throw.
    package static func openWorker(
        _ endpoint: Endpoint, hello: Hello, offer: Register, held: [HeldJob], until deadline: Deadline
    ) async throws(ClientError) -> (session: FarmSession, resumed: Resumed) {
        let session = try await open(endpoint, hello: hello, until: deadline)
        _ = try await session.request(offer, for: Registered.self, until: deadline)
        let resumed = try await session.request(Resume(jobs: held), for: Resumed.self, until: deadline)
        return (session, resumed)
    }
}
