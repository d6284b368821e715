import Glibc

/// What moves bytes over a connected socket without ever blocking: the bare socket, or TLS on it.
///
/// A call tries and says what it waits for. The two directions may be used by two tasks at once; an implementation
/// that cannot bear that locks inside.
package protocol Transport: Sendable {
    /// Whether sendfile(2) on the descriptor is what the peer should see.
    var isPlain: Bool { get }
    /// Receives into `buffer`; `.done(0)` is the peer's orderly end.
    func receive(into buffer: UnsafeMutableRawBufferPointer, from descriptor: Int32) throws(IOError) -> TransportStep
    /// Sends a first part of `buffer`.
    func send(_ buffer: UnsafeRawBufferPointer, to descriptor: Int32) throws(IOError) -> TransportStep
    /// Tells the peer that nothing more comes.
    func finish(_ descriptor: Int32)
}

/// How far a call of a transport came.
package enum TransportStep: Sendable, Hashable {
    /// That many bytes moved.
    case done(Int)
    /// Nothing moved: the socket must become ready for this first (TLS may have to read in order to write).
    case waits(Readiness)
}

/// The bare socket.
struct PlainTransport: Transport {
    var isPlain: Bool { true }

    func receive(into buffer: UnsafeMutableRawBufferPointer, from descriptor: Int32) throws(IOError) -> TransportStep {
        while true {
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count >= 0 { return .done(count) }
            if errno == EAGAIN { return .waits(.read) }
            if errno != EINTR { throw IOError(system: errno, "recv", "from socket \(descriptor)") }
        }
    }

    func send(_ buffer: UnsafeRawBufferPointer, to descriptor: Int32) throws(IOError) -> TransportStep {
        while true {
            let count = Glibc.send(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_NOSIGNAL))
            if count >= 0 { return .done(count) }
            if errno == EAGAIN { return .waits(.write) }
            if errno != EINTR { throw IOError(system: errno, "send", "to socket \(descriptor)") }
        }
    }

    func finish(_ descriptor: Int32) {
        // Fails only when the peer is gone, and then there is nobody to tell.
        shutdown(descriptor, Int32(SHUT_WR))
    }
}
