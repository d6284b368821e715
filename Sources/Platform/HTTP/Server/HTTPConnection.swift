import Glibc
import IO

/// One connection: requests in, answers out, one after the other, in one task.
struct HTTPConnection: Sendable {
    let socket: Socket
    let server: HTTPServer
    private let reader: RequestReader
    private var limits: HTTPServer.Limits { server.limits }

    init(_ socket: Socket, _ server: HTTPServer) {
        self.socket = socket
        self.server = server
        reader = RequestReader(socket, server.limits)
    }

    /// Serves requests until the peer, an error or the server's shutdown ends the connection.
    ///
    /// - Throws: what ended it, when that was neither the peer nor us.
    func serve() async throws {
        while !server.isShuttingDown {
            let head: RequestHead?
            do throws(HTTPError) {
                head = try await server.whileIdle(socket) { () throws(HTTPError) in
                    try await reader.nextHead()
                }
            } catch {
                try await refuse(error)
                return
            }
            guard let head, try await answer(head) else { return }
        }
    }

    /// True when the connection can take a further request.
    private func answer(_ head: RequestHead) async throws -> Bool {
        let response = try await handled(head)
        // Decided before the answer is sent, for its head must say so.
        let goesOn = !head.wantsClose && reader.canReuse && !server.isShuttingDown
        try await write(response, to: head, closing: !goesOn)
        if goesOn { return await reader.discardRest() }
        await linger()
        return false
    }

    private func handled(_ head: RequestHead) async throws -> HTTPResponse {
        do {
            let body = HTTPRequestBody(reader, limit: limits.bodyBytes)
            return try await server.handler(HTTPRequest(head, body, socket, server.shutdownLatch))
        } catch let error as HTTPError where error.code == .refused {
            return .refusal(error)
        } catch let error as HTTPError where error.code == .peerGone || error.code == .cancelled {
            throw error
        } catch  where Task.isCancelled {
            // Whatever it threw: it was told to stop, and nobody waits for its answer.
            throw CancellationError()
        } catch {
            // The peer learns that it failed, the operator why.
            server.report(error)
            return .refusal(HTTPError(.internalError, "the handler failed", cause: error))
        }
    }

    /// Answers with the error's status and ends the connection.
    func refuse(_ error: HTTPError) async throws {
        guard error.code == .refused else { return }
        let response = HTTPResponse.refusal(error)
        let content = Self.content(response)
        try await send(ResponseHead.bytes(response, length: content.count, closing: true) + content)
        await linger()
    }

    private func write(_ response: HTTPResponse, to head: RequestHead, closing: Bool) async throws {
        let hasBody = head.method != .head && response.status != .noContent && response.status != .notModified
        switch response.body {
        case .bytes(let bytes):
            try await send(
                ResponseHead.bytes(response, length: bytes.count, closing: closing) + (hasBody ? bytes : []))
        case .file(let file, let range):
            try await send(ResponseHead.bytes(response, length: range.count, closing: closing))
            if hasBody {
                try await socket.sendFile(file, range, stall: limits.stall, floor: limits.bodyBytesPerSecond)
            }
        case .stream(let body):
            try await send(ResponseHead.bytes(response, length: nil, closing: closing, chunked: head.isVersion11))
            guard hasBody else { return }
            let writer = HTTPBodyWriter(socket, chunked: head.isVersion11, stall: limits.stall)
            // When the source fails there is no last chunk: the peer sees that the body is not whole.
            try await HTTPRequest.whileConnected(socket) { try await body(writer) }
            try await writer.finish()
        }
    }

    private func send(_ bytes: [UInt8]) async throws {
        let patience = limits.stall + .seconds(1) * (bytes.count / limits.bodyBytesPerSecond)
        try await socket.write(bytes, until: .in(patience))
    }

    private static func content(_ response: HTTPResponse) -> [UInt8] {
        if case .bytes(let bytes) = response.body { bytes } else { [] }
    }

    /// Reads on for a moment after the last answer: closing with unread bytes would send a reset that can overtake it.
    private func linger() async {
        socket.finishWriting()
        let deadline = Deadline.in(.seconds(2))
        do throws(IOError) {
            while try await !socket.read(upTo: 64 << 10, until: deadline).isEmpty {}
        } catch {
            // Late, reset or cancelled: the answer was sent, and the connection is closed either way.
        }
    }
}
