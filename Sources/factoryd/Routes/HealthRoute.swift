import FactoryProtocol
import FactoryQueue
import FactoryScheduling
import HTTP
import JSON

/// `GET /v1/health`: 200 while the queue takes writes, 503 when it does not.
struct HealthRoute: Sendable {
    private struct Health: Codable {
        let status: String
        let server: String
        let problems: [String]
    }

    let farm: Farm
    let policy: PeerPolicy

    func add(to router: inout HTTPRouter) {
        router.on(.get, "/v1/health") { request in try await answer(request) }
    }

    private func answer(_ request: HTTPRequest) async throws -> HTTPResponse {
        let isWriting = await farm.store.writes()
        // Whether it is well anybody may know; jobs and workers are for those who may read.
        let mayRead = try policy.rights(of: request.socket).contains(.read)
        let problems = mayRead ? try await farm.problems().map(\.message) : []
        let health = Health(status: isWriting ? "ok" : "failing", server: farm.server, problems: problems)
        return .json(try CanonicalJSON.encode(health), status: isWriting ? .ok : .unavailable)
    }
}
