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

    func add(to router: inout HTTPRouter) {
        router.on(.get, "/v1/health") { _ in try await answer() }
    }

    private func answer() async throws -> HTTPResponse {
        let isWriting = await farm.store.writes()
        let report = try await farm.status()
        let health = Health(
            status: isWriting ? "ok" : "failing", server: report.server, problems: report.problems.map(\.message))
        return .json(try CanonicalJSON.encode(health), status: isWriting ? .ok : .unavailable)
    }
}
