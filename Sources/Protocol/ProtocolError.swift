/// What is wrong with bytes or a message that a peer sent.
package struct ProtocolError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A stable name that a peer may act on. The sentence is for people and is never matched.
    package struct Code: RawRepresentable, Sendable, Hashable {
        package let rawValue: String
        package init(rawValue: String) { self.rawValue = rawValue }

        /// The length before a frame is zero.
        package static let emptyFrame = Code(rawValue: "empty-frame")
        /// The length before a frame exceeds the limit.
        package static let frameTooLarge = Code(rawValue: "frame-too-large")
        /// What came is an answer over HTTP.
        package static let speaksHTTP = Code(rawValue: "speaks-http")
        /// The peer stopped in the middle of a frame.
        package static let halfFrame = Code(rawValue: "half-frame")
        /// The frame is no strict JSON object.
        package static let badJSON = Code(rawValue: "bad-json")
        /// The object lacks a `type`, or a field of the message is missing or of the wrong kind.
        package static let badMessage = Code(rawValue: "bad-message")
        /// No message of this `type` is known here.
        package static let unknownType = Code(rawValue: "unknown-type")
        /// The two sides have no protocol version in common.
        package static let noCommonVersion = Code(rawValue: "no-common-version")
    }

    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
