/// Which handler answers which method and path; the first pattern that matches wins.
package struct HTTPRouter: Sendable {
    private struct Route: Sendable {
        let method: HTTPMethod
        let pattern: PathPattern
        let bodyLimit: Int?
        let handler: HTTPServer.Handler
    }

    private var routes: [Route] = []

    /// Without routes: everything is 404.
    package init() {}

    /// Adds a route. A GET route answers HEAD as well, without the body.
    ///
    /// `pattern` is `/v1/jobs/{id}`, or ends in `{name...}` for all the rest. `bodyLimit` in bytes replaces the server's.
    package mutating func on(
        _ method: HTTPMethod, _ pattern: String, bodyLimit: Int? = nil, _ handler: @escaping HTTPServer.Handler
    ) {
        routes.append(
            Route(method: method, pattern: PathPattern(pattern), bodyLimit: bodyLimit, handler: handler))
    }

    /// Answers a request by its route.
    ///
    /// - Throws: 404; 405 is answered with the methods that are allowed; 400 for an ambiguous path.
    package func respond(to request: HTTPRequest) async throws -> HTTPResponse {
        let segments = try PathPattern.segments(request.path)
        var allowed: [HTTPMethod] = []
        for route in routes {
            guard let parameters = route.pattern.match(segments) else { continue }
            guard route.method == request.method || (route.method == .get && request.method == .head) else {
                allowed += route.method == .get ? [.get, .head] : [route.method]
                continue
            }
            var request = request
            request.parameters = parameters
            if let limit = route.bodyLimit { request.body = request.body.limited(to: limit) }
            return try await route.handler(request)
        }
        guard !allowed.isEmpty else { throw HTTPError(.notFound, "nothing at \(request.path)") }
        var response = HTTPResponse.text(
            "\(request.method.rawValue) is not allowed at \(request.path)", status: .methodNotAllowed)
        response.fields.append("Allow", Set(allowed).map(\.rawValue).sorted().joined(separator: ", "))
        return response
    }
}
