import FactoryProtocol
import FactoryQueue
import FactoryScheduling
import HTTP
import JSON

/// `GET /v1/health`: 200 while the queue takes writes and the store takes artifacts, 503 when one of them does not.
struct HealthRoute: Sendable {
    private struct Health: Codable {
        let status: String
        let server: String
        /// What does not work, in words that tell nobody what the farm does.
        let reasons: [String]
        /// What needs attention, with jobs and workers: empty for who may not read.
        let problems: [String]
    }

    let farm: Farm
    let policy: PeerPolicy
    private let probe: SharedProbe

    init(farm: Farm, policy: PeerPolicy) {
        (self.farm, self.policy) = (farm, policy)
        probe = SharedProbe { await farm.store.writes() }
    }

    func add(to router: inout HTTPRouter) {
        router.on(.get, "/v1/health") { request in try await answer(request) }
    }

    private func answer(_ request: HTTPRequest) async throws -> HTTPResponse {
        let isWriting = await probe.answer() && farm.store.refusal == nil
        var reasons: [String] = []
        if !isWriting { reasons.append("the queue takes no writes") }
        if farm.shortage != nil { reasons.append("the store has no room for artifacts") }
        let isWell = reasons.isEmpty
        let mayRead = try policy.rights(of: request.socket).contains(.read)
        let problems = mayRead ? try await farm.problems().map(\.message) : []
        let health = Health(
            status: isWell ? "ok" : "failing", server: farm.server, reasons: reasons, problems: problems)
        return .json(try CanonicalJSON.encode(health), status: isWell ? .ok : .unavailable)
    }
}
