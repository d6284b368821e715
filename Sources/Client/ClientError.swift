package import FactoryProtocol
import FactoryWire
import IO

/// Why the farm did not do what it was asked.
package struct ClientError: Error, Sendable {
    /// What kind of failure it is: a stable word.
    package struct Code: Sendable, Hashable {
        /// The word, in kebab case.
        package let rawValue: String

        /// The text is no endpoint.
        package static let badEndpoint = Code(rawValue: "bad-endpoint")
        /// Nobody listens there.
        package static let cannotConnect = Code(rawValue: "cannot-connect")
        /// The user may not open the socket.
        package static let notPermitted = Code(rawValue: "not-permitted")
        /// The farm ended the connection and said why; ``ClientError/reason`` has its word.
        package static let refused = Code(rawValue: "refused")
        /// The farm answered the request with an error; ``ClientError/reason`` has its word.
        package static let rejected = Code(rawValue: "rejected")
        /// No answer in time.
        package static let timedOut = Code(rawValue: "timed-out")
        /// The connection ended.
        package static let connectionLost = Code(rawValue: "connection-lost")
        /// The farm said something that this side does not understand.
        package static let badReply = Code(rawValue: "bad-reply")
        /// A file on this side could not be read or written.
        package static let localFile = Code(rawValue: "local-file")
        /// The task was cancelled.
        package static let cancelled = Code(rawValue: "cancelled")
    }

    /// What kind of failure it is.
    package let code: Code
    /// A sentence without a full stop.
    package let message: String
    /// The farm's own word for it, where it gave one: `unknown-build`, `bad-spec`.
    package let reason: String?
    /// The group whose members may open the socket; nil where none helps.
    package let group: String?
    /// Everything that is wrong with what was sent, where the farm said so.
    package let problems: [Problem]

    package init(
        _ code: Code, _ message: String, reason: String? = nil, group: String? = nil, problems: [Problem] = []
    ) {
        self.code = code
        self.group = group
        self.message = message
        self.reason = reason
        self.problems = problems
    }

    init(connecting endpoint: Endpoint, _ error: IOError, _ rights: SocketRights? = nil) {
        switch error.code {
        case .cancelled: self.init(.cancelled, "cancelled while connecting to \(endpoint)")
        case .timedOut: self.init(.timedOut, "factoryd at \(endpoint) does not answer")
        case .notPermitted:
            let who = rights.map { rights in
                ": it is open to " + rights.owner + (rights.group.map { " and the group \($0)" } ?? " alone")
            }
            self.init(
                .notPermitted, "the socket \(endpoint) may not be opened by this user\(who ?? "")", group: rights?.group
            )
        case .notFound, .refused:
            self.init(.cannotConnect, "no factoryd listens at \(endpoint)")
        default: self.init(.cannotConnect, "cannot connect to factoryd at \(endpoint): \(error)")
        }
    }

    init(talking error: IOError) {
        switch error.code {
        case .cancelled: self.init(.cancelled, "cancelled")
        case .timedOut: self.init(.timedOut, "factoryd does not answer in time")
        default: self.init(.connectionLost, "the connection to factoryd is lost: \(error)")
        }
    }

    init(_ error: WireError) {
        switch error.kind {
        case .cancelled: self.init(.cancelled, "cancelled")
        case .tooSlow: self.init(.timedOut, "factoryd does not answer in time")
        case .ended, .broken: self.init(.connectionLost, "the connection to factoryd is lost: \(error)")
        case .violation(.halfFrame):
            self.init(.connectionLost, "the connection to factoryd ended in the middle of a message")
        case .violation(let code):
            self.init(
                .badReply, "factoryd and this program do not understand one another: \(error)", reason: code.rawValue)
        }
    }

    init(_ error: ProtocolError) {
        self.init(.badReply, "factoryd said something that is not understood: \(error)", reason: error.code.rawValue)
    }

    /// Whether the connection is gone, and another one may bring what this one did not.
    package var isLoss: Bool { [.cannotConnect, .timedOut, .connectionLost].contains(code) }
}

extension ClientError: CustomStringConvertible {
    /// The sentence.
    package var description: String { message }
}
