/// Cuts a stream of bytes into frames: a four-byte big-endian length, then that many bytes.
///
/// The length is checked before a byte of the frame is kept, so a peer cannot make us hold more than the limit.
package struct FrameDecoder: Sendable {
    /// The longest frame taken, in bytes. Raised after the handshake.
    package var limit: Int
    private var buffer: [UInt8] = []

    package init(limit: Int) { self.limit = limit }

    /// Whether the peer stopped in the middle of a frame.
    package var isMidFrame: Bool { !buffer.isEmpty }

    /// Takes what was read and returns the next whole frame, if there is one; call again with no bytes for the next.
    ///
    /// One frame a call, because the limit may change between two frames of one read.
    package mutating func next(after bytes: [UInt8] = []) throws(ProtocolError) -> [UInt8]? {
        buffer.append(contentsOf: bytes)
        guard buffer.count >= 4 else { return nil }
        let length = buffer[..<4].reduce(0) { $0 << 8 | Int($1) }
        guard length > 0 else { throw ProtocolError(.emptyFrame, "a frame of length 0") }
        guard length <= limit else {
            throw ProtocolError(.frameTooLarge, "a frame of \(length) bytes exceeds the limit of \(limit)")
        }
        guard buffer.count - 4 >= length else { return nil }
        let frame = Array(buffer[4..<(4 + length)])
        buffer.removeFirst(4 + length)
        return frame
    }
}

/// A frame as bytes: the length, then the payload.
package enum Frame {
    package static func bytes(_ payload: [UInt8]) -> [UInt8] {
        let length = UInt32(payload.count)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(payload.count + 4)
        withUnsafeBytes(of: length.bigEndian) { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: payload)
        return bytes
    }
}
