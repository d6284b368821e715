package import IO

/// What a handler answers.
package struct HTTPResponse: Sendable {
    /// Where the body comes from.
    package enum Body: Sendable {
        /// Bytes at hand.
        case bytes([UInt8])
        /// A part of an open regular file, sent by the kernel.
        case file(Descriptor, Range<Int>)
        /// Written as it comes; ends when the closure returns. Cancelled when the peer goes.
        case stream(@Sendable (HTTPBodyWriter) async throws -> Void)
    }

    /// The status.
    package var status: HTTPStatus
    /// The fields, without those that the server sets: Date, Content-Length, Transfer-Encoding, Connection.
    package var fields: HTTPFields
    /// The body.
    package var body: Body

    /// An answer.
    package init(_ status: HTTPStatus, fields: HTTPFields = [:], body: Body = .bytes([])) {
        self.status = status
        self.fields = fields
        self.body = body
    }

    /// Plain text, with a line feed at its end.
    package static func text(_ text: String, status: HTTPStatus = .ok) -> HTTPResponse {
        HTTPResponse(
            status, fields: ["Content-Type": "text/plain; charset=utf-8"], body: .bytes(Array((text + "\n").utf8)))
    }

    /// JSON that is encoded already.
    package static func json(_ bytes: [UInt8], status: HTTPStatus = .ok) -> HTTPResponse {
        HTTPResponse(status, fields: ["Content-Type": "application/json"], body: .bytes(bytes))
    }

    /// What is sent for an error: its status (500 without one) and, but for 500, its sentence.
    static func refusal(_ error: HTTPError) -> HTTPResponse {
        let status = error.status ?? .internalError
        return .text(status == .internalError ? status.reason : error.message, status: status)
    }
}
