package import FactoryProtocol
package import IO

/// Messages over one socket, both ways.
///
/// It reads only when it is asked for the next message: that is the whole backpressure. One task reads; any number may
/// send, and their frames go out whole, one after another.
package final class FrameConnection: Sendable {
    private static let readSize = 64 * 1024

    package let socket: Socket
    private let decoder: Locked<FrameDecoder>
    private let turn = Turn()
    /// How long a peer may take to read one frame.
    private let sendTime: Duration
    /// How long a frame may take from its first byte to its last.
    private let frameTime: Duration
    /// What was read and not yet given to the decoder. Only the reading task touches it; the lock is for the compiler.
    private let pending = Locked<[UInt8]>([])

    /// Takes a connected socket. Until ``raiseLimit()`` only small frames are taken.
    package init(
        _ socket: Socket, sendTime: Duration = .seconds(30), frameTime: Duration = .seconds(10)
    ) {
        self.socket = socket
        self.sendTime = sendTime
        self.frameTime = frameTime
        decoder = Locked(FrameDecoder(limit: FrameLimits.beforeWelcome))
    }

    /// From here on frames as large as the handshake allows are taken.
    package func raiseLimit() { decoder.withLock { $0.limit = FrameLimits.afterWelcome } }

    /// The next message.
    ///
    /// - Throws: ``WireError``: `ended` when the peer closed between two frames, `tooSlow` after the deadline or when a
    ///   frame does not get whole in time.
    package func next(until deadline: Deadline) async throws(WireError) -> Incoming {
        var wait = deadline
        while true {
            do throws(ProtocolError) {
                if let payload = try takeFrame() { return try Incoming(payload: payload) }
            } catch {
                throw WireError(error)
            }
            let midFrame = decoder.withLock { $0.isMidFrame }
            if midFrame, wait == deadline { wait = min(deadline, .in(frameTime)) }
            let bytes: [UInt8]
            do throws(IOError) {
                bytes = try await socket.read(upTo: Self.readSize, until: wait)
            } catch {
                throw WireError(error)
            }
            guard !bytes.isEmpty else {
                throw midFrame
                    ? WireError(ProtocolError(.halfFrame, "the peer closed in the middle of a frame"))
                    : WireError(.ended, "the peer closed the connection")
            }
            pending.withLock { $0 = bytes }
        }
    }

    private func takeFrame() throws(ProtocolError) -> [UInt8]? {
        let bytes = pending.withLock { bytes in
            defer { bytes = [] }
            return bytes
        }
        return try decoder.withLock { (decoder) throws(ProtocolError) in try decoder.next(after: bytes) }
    }

    /// Sends a message; returns when the kernel has it.
    package func send(_ message: some Message, id: Int64? = nil) async throws(WireError) {
        let frame: [UInt8]
        do {
            frame = try message.frame(id: id)
        } catch {
            throw WireError(.broken, "a message could not be written as JSON: \(error)")
        }
        try await send(frame: frame)
    }

    /// Sends a frame that is already made.
    package func send(frame: [UInt8]) async throws(WireError) {
        guard frame.count - 4 <= FrameLimits.afterWelcome else {
            throw WireError(
                ProtocolError(
                    .frameTooLarge, "a message of \(frame.count) bytes exceeds \(FrameLimits.afterWelcome)"))
        }
        await turn.take()
        defer { turn.pass() }
        do throws(IOError) {
            try await socket.write(frame, until: .in(sendTime))
        } catch {
            // A frame that went out in part cannot be taken back.
            socket.shutdown()
            throw WireError(error)
        }
    }

    /// Says why, as far as the peer listens, and ends the connection.
    package func close(saying error: WireError, beforeWelcome: Bool) async {
        if let code = error.peerCode {
            // The peer is at fault and may be gone; that it is told is a courtesy.
            if beforeWelcome {
                try? await send(Refused(code: code, message: error.message))
            } else {
                try? await send(ErrorReply(code: code, message: error.message))
            }
        }
        socket.shutdown()
    }

    package func close() { socket.shutdown() }
}
