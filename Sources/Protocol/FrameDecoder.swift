/// Cuts a stream of bytes into frames: a four-byte big-endian length, then that many bytes.
///
/// The length is checked before a byte of the frame is kept, so a peer cannot make us hold more than the limit.
package struct FrameDecoder: Sendable {
    /// The longest frame taken, in bytes. Raised after the handshake.
    package var limit: Int
    private var buffer: [UInt8] = []
    /// Where the next frame begins. What is before it is dropped with the next read and not with every frame, so that many
    /// small frames cost no more than one large one.
    private var start = 0

    package init(limit: Int) { self.limit = limit }

    /// Whether the peer stopped in the middle of a frame.
    package var isMidFrame: Bool { start < buffer.count }

    /// Takes what was read and returns the next whole frame, if there is one; call again with no bytes for the next.
    ///
    /// One frame a call, because the limit may change between two frames of one read.
    package mutating func next(after bytes: [UInt8] = []) throws(ProtocolError) -> [UInt8]? {
        if !bytes.isEmpty {
            buffer.removeFirst(start)
            start = 0
            buffer.append(contentsOf: bytes)
        }
        guard buffer.count - start >= 4 else { return nil }
        let head = start + 4
        let length = buffer[start..<head].reduce(0) { $0 << 8 | Int($1) }
        // The length that "HTTP" is, as an answer over HTTP begins.
        if length == 0x4854_5450 {
            throw ProtocolError(.speaksHTTP, "it speaks HTTP: this is its HTTP socket; the other one is factoryd.sock")
        }
        guard length > 0 else { throw ProtocolError(.emptyFrame, "a frame of length 0") }
        guard length <= limit else {
            throw ProtocolError(.frameTooLarge, "a frame of \(length) bytes exceeds the limit of \(limit)")
        }
        guard buffer.count - head >= length else { return nil }
        let frame = Array(buffer[head..<head + length])
        start = head + length
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
