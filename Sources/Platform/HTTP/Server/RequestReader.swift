import IO

/// Reads the requests of one connection: bytes from the socket, through the parser, under deadlines and limits.
///
/// One task reads at a time: the connection's own between requests, the handler's (or a child of it) during one.
final class RequestReader: Sendable {
    private struct State {
        var parser: RequestParser
        var announced: Int?
        var mustContinue = false
        var received = 0
        var bodyStart = Deadline.never
    }

    private enum Step {
        case event(RequestParser.Event?)
        case askForBody
    }

    private let socket: Socket
    private let limits: HTTPServer.Limits
    private let state: Locked<State>
    private static let readBytes = 256 << 10

    init(_ socket: Socket, _ limits: HTTPServer.Limits) {
        self.socket = socket
        self.limits = limits
        state = Locked(State(parser: RequestParser(limits: limits.head)))
    }

    /// The length of the current request's body as its head announces it; nil when it is chunked.
    var announcedLength: Int? { state.withLock { $0.announced } }

    /// Whether the connection is between two requests and nothing of the next one is there.
    var isIdle: Bool { state.withLock { $0.parser.isBetweenRequests } }

    /// The next head; nil when the peer ended the connection between two requests or stayed silent for too long.
    ///
    /// The head as a whole has `limits.headTime`, counted from its first byte.
    func nextHead() async throws(HTTPError) -> RequestHead? {
        state.withLock { $0.parser.nextRequest() }
        var deadline: Deadline?
        while true {
            let event = try state.withLock { (state) throws(HTTPError) in try state.parser.next() }
            if case .head(let head) = event {
                state.withLock { state in
                    state.announced = if case .length(let count) = head.framing { count } else { nil }
                    state.mustContinue = head.expectsContinue
                    state.received = 0
                    state.bodyStart = .now
                }
                return head
            }
            if deadline == nil, !isIdle { deadline = .in(limits.headTime) }
            let bytes: [UInt8]
            do throws(IOError) {
                bytes = try await socket.read(upTo: 16 << 10, until: deadline ?? .in(limits.idleTime))
            } catch {
                if error.code == .timedOut, deadline == nil { return nil }
                throw Self.translated(error, "the request's head did not arrive within \(limits.headTime)")
            }
            if bytes.isEmpty {
                if isIdle { return nil }
                throw HTTPError(.peerGone, "the peer ended in the middle of a request's head")
            }
            state.withLock { $0.parser.feed(bytes) }
        }
    }

    /// The next piece of the body; nil at its end.
    func nextBody(limit: Int) async throws(HTTPError) -> [UInt8]? {
        while true {
            let step = try state.withLock { (state) throws(HTTPError) -> Step in
                if let announced = state.announced, announced > limit { throw Self.tooLarge(limit) }
                let event = try state.parser.next()
                if event == nil, state.mustContinue {
                    state.mustContinue = false
                    return .askForBody
                }
                if case .body(let bytes) = event {
                    state.received += bytes.count
                    if state.received > limit { throw Self.tooLarge(limit) }
                }
                return .event(event)
            }
            switch step {
            case .askForBody:
                do throws(IOError) {
                    try await socket.write(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8), until: .in(limits.stall))
                } catch {
                    throw Self.translated(error, "100 Continue could not be sent")
                }
            case .event(.body(let bytes)): return bytes
            case .event(.end), .event(.head): return nil
            case .event(nil):
                if state.withLock({ $0.parser.missingBodyBytes == 0 }) { return nil }
                try await readMore()
            }
        }
    }

    /// Reads the rest of a body that the handler left, if it is small enough to be worth it.
    ///
    /// False when the connection cannot be used again.
    func discardRest() async -> Bool {
        guard canReuse else { return false }
        do throws(HTTPError) {
            while try await nextBody(limit: .max) != nil {}
            return true
        } catch {
            // The answer is out; the connection is closed, which is all that the peer can still be told.
            return false
        }
    }

    /// Whether a further request can follow once the rest of the body, if any, is read.
    var canReuse: Bool {
        state.withLock { state in
            guard let missing = state.parser.missingBodyBytes else { return false }
            return missing == 0 || (missing <= limits.discardBytes && !state.mustContinue)
        }
    }

    private func readMore() async throws(HTTPError) {
        let deadline = state.withLock { state in
            // A floor under the average rate, beside the limit on silence: a byte a second does not keep a slot.
            let floor = state.bodyStart.advanced(
                by: limits.stall + .seconds(1) * (state.received / limits.bodyBytesPerSecond))
            return min(floor, .in(limits.stall))
        }
        do throws(IOError) {
            let bytes = try await socket.read(upTo: Self.readBytes, until: deadline)
            guard !bytes.isEmpty else { throw IOError(.peerGone, "the peer ended in the middle of a request's body") }
            state.withLock { $0.parser.feed(bytes) }
        } catch {
            throw Self.translated(error, "the request's body came slower than \(limits.bodyBytesPerSecond) bytes/s")
        }
    }

    private static func tooLarge(_ limit: Int) -> HTTPError {
        HTTPError(.contentTooLarge, "the body is over \(limit) bytes")
    }

    /// What a failed read or write of the connection means for the request.
    static func translated(_ error: IOError, _ late: String) -> HTTPError {
        switch error.code {
        case .timedOut: HTTPError(.requestTimeout, late, cause: error)
        case .cancelled: HTTPError(.cancelled, error.message, cause: error)
        default: HTTPError(.peerGone, error.message, cause: error)
        }
    }
}
