import FactoryEvents
import FactoryProtocol
import FactoryQueue
import FactoryScheduling
import HTTP
import JSON

/// `GET /v1/builds/{build}/events`: a build's events from a number on.
///
/// With `Accept: text/event-stream` as server-sent events until the build ends, resumed by `Last-Event-ID`; else as
/// lines of JSON, what there is now, or with `?follow=true` until the build ends.
struct EventRoutes: Sendable {
    let farm: Farm
    let policy: PeerPolicy

    func add(to router: inout HTTPRouter) {
        router.on(.get, "/v1/builds/{build}/events") { request in try await answer(request) }
    }

    private func answer(_ request: HTTPRequest) async throws -> HTTPResponse {
        guard try policy.rights(of: request.socket).contains(.read) else {
            throw HTTPError(.forbidden, "you may not read builds here")
        }
        let isStream = request.fields["Accept"]?.contains("text/event-stream") ?? false
        let from = try EventPosition(request).from
        let follow = try follows(request)
        let log = try await log(of: request)
        if isStream { return .events { body in try await stream(log, from, to: body) } }
        return HTTPResponse(
            .ok, fields: ["Content-Type": "application/x-ndjson", "Cache-Control": "no-store"],
            body: .stream { body in
                for try await event in EventStream(log, from: from, follow: follow) {
                    try await body.write(event.jsonLine())
                }
            })
    }

    /// Whether lines are wanted until the build ends.
    private func follows(_ request: HTTPRequest) throws(HTTPError) -> Bool {
        switch request.query("follow") {
        case nil, "false": return false
        case "true": return true
        case let text?: throw HTTPError(.badRequest, "follow is true or false, not \"\(text.prefix(100))\"")
        }
    }

    private func log(of request: HTTPRequest) async throws -> BuildLog {
        let build: BuildID
        do throws(QueueError) {
            build = try await farm.store.resolve(BuildID(request.parameters["build"] ?? ""))
        } catch {
            throw HTTPError(error.code == .unknownBuild ? .notFound : .badRequest, error.message)
        }
        return try await farm.log(of: build)
    }

    private func stream(_ log: BuildLog, _ from: Int64, to body: HTTPBodyWriter) async throws {
        for try await event in EventStream(log, from: from) {
            try await body.write(event.serverSentEvent())
        }
    }
}
