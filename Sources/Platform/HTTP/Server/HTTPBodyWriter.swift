import IO

/// Writes a body as it comes; every write returns when the kernel has the bytes, so a slow peer slows its source.
package final class HTTPBodyWriter: Sendable {
    private let socket: Socket
    private let isChunked: Bool
    private let stall: Duration

    init(_ socket: Socket, chunked: Bool, stall: Duration) {
        self.socket = socket
        isChunked = chunked
        self.stall = stall
    }

    /// Sends bytes; none is no harm.
    ///
    /// - Throws: `.timedOut` when the peer takes nothing for too long, `.peerGone`, `.cancelled`.
    package func write(_ bytes: [UInt8]) async throws(HTTPError) {
        // A chunk of no bytes would be the end.
        guard !bytes.isEmpty else { return }
        let head = isChunked ? Array((String(bytes.count, radix: 16) + "\r\n").utf8) : []
        try await send(head + bytes + (isChunked ? [13, 10] : []))
    }

    /// Sends one server-sent event.
    package func send(_ event: ServerSentEvent) async throws(HTTPError) {
        try await write(event.bytes)
    }

    func finish() async throws(HTTPError) {
        if isChunked { try await send(Array("0\r\n\r\n".utf8)) }
    }

    private func send(_ bytes: [UInt8]) async throws(HTTPError) {
        do throws(IOError) {
            try await socket.write(bytes, stall: stall)
        } catch {
            let code: HTTPError.Code =
                switch error.code {
                case .timedOut: .timedOut
                case .cancelled: .cancelled
                default: .peerGone
                }
            throw HTTPError(code, error.message, cause: error)
        }
    }
}
