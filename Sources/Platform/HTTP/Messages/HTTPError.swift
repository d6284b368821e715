/// Why a request, a response or a transfer failed.
package struct HTTPError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it was; stable, compare by it.
    package struct Code: Sendable, Hashable {
        /// The stable word for it.
        package let name: String

        private init(_ name: String) {
            self.name = name
        }

        /// The server refuses the request; `status` tells how.
        package static let refused = Code("refused")
        /// The peer went away in the middle.
        package static let peerGone = Code("peer-gone")
        /// The peer was too slow.
        package static let timedOut = Code("timed-out")
        /// The task was cancelled.
        package static let cancelled = Code("cancelled")
        /// Nobody answers at that address.
        package static let unreachable = Code("unreachable")
        /// The server's answer is an error; `status` tells which.
        package static let answered = Code("answered")
        /// What arrived is not what was asked for: length, range, digest.
        package static let mismatch = Code("mismatch")
        /// Our own file could not be read or written; the cause tells.
        package static let file = Code("file")
        /// Any other failure of a transfer; the message holds libcurl's words.
        package static let transfer = Code("transfer")
    }

    /// What kind of failure it was.
    package let code: Code
    /// The status that says it on the wire; nil where there is none.
    package let status: HTTPStatus?
    /// The fields of the server's answer, where that is the error.
    package let fields: HTTPFields?
    /// A sentence that names the thing, the value and the limit.
    package let message: String
    /// What it comes from.
    package let cause: (any Error)?

    /// A failure.
    package init(
        _ code: Code, _ message: String, status: HTTPStatus? = nil, fields: HTTPFields? = nil,
        cause: (any Error)? = nil
    ) {
        self.code = code
        self.status = status
        self.fields = fields
        self.message = message
        self.cause = cause
    }

    /// A refusal with that status.
    package init(_ status: HTTPStatus, _ message: String, cause: (any Error)? = nil) {
        self.init(.refused, message, status: status, cause: cause)
    }

    /// The sentence.
    package var description: String { message }
}
