/// One event of a text/event-stream (WHATWG HTML, "Server-sent events").
package struct ServerSentEvent: Sendable, Hashable {
    /// What `Last-Event-ID` repeats after a reconnect.
    package let id: String?
    /// The event's kind; `message` for the browser when nil.
    package let event: String?
    /// The text; its lines are sent one by one.
    package let data: String?
    /// A line that clients ignore; sent in pauses, it keeps the connection alive.
    package let comment: String?

    /// An event with data.
    package init(_ data: String, event: String? = nil, id: String? = nil) {
        self.id = id
        self.event = event
        self.data = data
        comment = nil
    }

    /// A comment.
    package init(comment: String) {
        id = nil
        event = nil
        data = nil
        self.comment = comment
    }

    /// As it is sent.
    var bytes: [UInt8] {
        var lines: [String] = []
        if let comment { lines += Self.lines(comment).map { ": " + $0 } }
        if let event { lines.append("event: " + Self.lines(event).joined(separator: " ")) }
        if let id { lines.append("id: " + Self.lines(id).joined(separator: " ")) }
        if let data { lines += Self.lines(data).map { "data: " + $0 } }
        return Array((lines.joined(separator: "\n") + "\n\n").utf8)
    }

    // CR, LF and CRLF all end a line of the stream; none of them may come from within a value.
    private static func lines(_ text: String) -> [Substring] {
        text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r" || $0 == "\r\n" }
    }
}

extension HTTPResponse {
    /// A stream of server-sent events, written by `body` for as long as the peer listens.
    package static func events(_ body: @escaping @Sendable (HTTPBodyWriter) async throws -> Void) -> HTTPResponse {
        HTTPResponse(
            .ok, fields: ["Content-Type": "text/event-stream", "Cache-Control": "no-store"], body: .stream(body))
    }
}
