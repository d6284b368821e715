import HTTP

/// The number of the first event that a request asks for: after `Last-Event-ID`, else `from`, else the first.
struct EventPosition: Sendable, Equatable {
    let from: Int64

    /// Reads the field and the query.
    ///
    /// - Throws: ``HTTPError`` 400 for what is no number of an event; it names the parameter.
    init(_ request: HTTPRequest) throws(HTTPError) {
        let start = try request.query("from").map { text throws(HTTPError) in try Self.number(text, "from") }
        // Server-sent events: an empty field means that nothing was received yet.
        if let text = request.fields["Last-Event-ID"], !text.isEmpty {
            let last = try Self.number(text, "Last-Event-ID")
            // Nothing comes after the last number there is, and that one never comes either.
            from = last == .max ? last : last + 1
        } else {
            from = max(start ?? 1, 1)
        }
    }

    private static func number(_ text: String, _ name: String) throws(HTTPError) -> Int64 {
        guard !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }), let number = Int64(text) else {
            throw HTTPError(
                .badRequest, "\(name) is the number of an event, from 0 to \(Int64.max), not \"\(text.prefix(100))\"")
        }
        return number
    }
}
