extension HTTPServer {
    /// What a peer may cost.
    package struct Limits: Sendable {
        /// Connections at once; one more is answered with 503.
        package var connections = 1024
        /// From a head's first byte to its last.
        package var headTime = Duration.seconds(20)
        /// Between two requests.
        package var idleTime = Duration.seconds(75)
        /// How long a peer may send or take nothing in the middle of a body.
        package var stall = Duration.seconds(30)
        /// The average that a body must keep, after `stall`.
        package var bodyBytesPerSecond = 1024
        /// A body, where the route says nothing else.
        package var bodyBytes = 1 << 20
        /// A rest of a body up to this size is read and dropped to keep the connection.
        package var discardBytes = 64 << 10
        /// The head, the target, the number of fields.
        var head = RequestParser.Limits()

        /// The limits above.
        package init() {}
    }
}
