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
        guard try await policy.rights(of: request.socket).contains(.read) else {
            throw HTTPError(.forbidden, "you may not read builds here")
        }
        let log = try await log(of: request)
        let isStream = request.fields["Accept"]?.contains("text/event-stream") ?? false
        let resumed = request.fields["Last-Event-ID"].flatMap { Int64($0) }.map { $0 + 1 }
        let from = resumed ?? request.query("from").flatMap { Int64($0) } ?? 1
        if isStream { return .events { body in try await stream(log, from, to: body) } }
        let follow = request.query("follow") == "true"
        return HTTPResponse(
            .ok, fields: ["Content-Type": "application/x-ndjson", "Cache-Control": "no-store"],
            body: .stream { body in
                for try await event in EventStream(log, from: from, follow: follow) {
                    try await body.write(try event.jsonLine())
                }
            })
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
            try await body.write(try event.serverSentEvent())
        }
    }
}
