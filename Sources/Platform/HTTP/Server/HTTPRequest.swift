package import IO

/// A request whose head has arrived; its body is read by asking for it.
package struct HTTPRequest: Sendable {
    /// The method.
    package let method: HTTPMethod
    /// The path as it was sent, without the query, not decoded.
    package let path: String
    /// The query's names and values, decoded, in their order.
    package let query: [(name: String, value: String)]
    /// All fields.
    package let fields: HTTPFields
    /// What the pattern's `{name}` parts matched, decoded; filled in by the router.
    package internal(set) var parameters: [String: String] = [:]
    /// The body, streamed.
    package internal(set) var body: HTTPRequestBody
    /// The connection: peer credentials, addresses, whether the peer is still there.
    package let socket: Socket
    /// Opens when the server begins to shut down: long answers say goodbye and end.
    package let shutdown: Latch

    /// The first value of that name in the query.
    package func query(_ name: String) -> String? {
        query.first { $0.name == name }?.value
    }

    /// The token of `Authorization: Bearer TOKEN` (RFC 6750); nil without one.
    package var bearerToken: String? {
        guard let value = fields["Authorization"], value.utf8.count > 7, value.prefix(7).lowercased() == "bearer "
        else { return nil }
        return String(value.dropFirst(7))
    }

    init(_ head: RequestHead, _ body: HTTPRequestBody, _ socket: Socket, _ shutdown: Latch) throws(HTTPError) {
        let parts = head.target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        method = head.method
        path = String(parts[0])
        query = parts.count == 2 ? try Self.parsed(parts[1]) : []
        fields = head.fields
        self.body = body
        self.socket = socket
        self.shutdown = shutdown
    }

    private static func parsed(_ query: Substring) throws(HTTPError) -> [(name: String, value: String)] {
        var pairs: [(name: String, value: String)] = []
        for pair in query.split(separator: "&") {
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentEncoding.decode(halves[0], plusIsSpace: true),
                let value = PercentEncoding.decode(halves.count == 2 ? halves[1] : "", plusIsSpace: true)
            else { throw HTTPError(.badRequest, "the query holds a broken escape, a control character or no UTF-8") }
            pairs.append((name, value))
        }
        return pairs
    }

    /// Runs `work` for as long as the peer listens: when it goes first, `work` is cancelled.
    ///
    /// For answers that take long to come. A peer that closes its sending side counts as gone.
    /// - Throws: what `work` throws; `.peerGone`.
    package func whilePeerListens<Success: Sendable>(
        _ work: @escaping @Sendable () async throws -> Success
    ) async throws -> Success {
        try await Self.whileConnected(socket, work)
    }

    static func whileConnected<Success: Sendable>(
        _ socket: Socket, _ work: @escaping @Sendable () async throws -> Success
    ) async throws -> Success {
        try await withThrowingTaskGroup(of: Success?.self) { group in
            defer { group.cancelAll() }
            group.addTask { try await work() }
            group.addTask {
                try await socket.waitForHangup(until: .never)
                return nil
            }
            while let result = try await group.next() {
                if let result { return result }
                break
            }
            throw HTTPError(.peerGone, "the peer went away before its answer was ready")
        }
    }
}
