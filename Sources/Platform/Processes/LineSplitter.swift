/// Cuts a stream of bytes at `\n`, `\r\n` and `\r`, whatever the chunks it arrives in, and caps the length of a line.
///
/// A `\r` at the end of a chunk ends its line at once, because a progress bar must show now; a `\n` that opens the next
/// chunk then belongs to it.
package struct LineSplitter: Sendable {
    /// Called for a line: its bytes (valid during the call only), its ending, and how many bytes the cap left out.
    package typealias Body = (_ line: UnsafeRawBufferPointer, _ ending: OutputLine.Ending, _ dropped: Int) -> Void

    private static let newline = UInt8(ascii: "\n")
    private static let carriageReturn = UInt8(ascii: "\r")

    private let limit: Int
    private var partial: [UInt8] = []
    private var dropped = 0
    private var afterCarriageReturn = false

    /// A splitter that keeps at most `limit` bytes of a line.
    package init(limit: Int) {
        precondition(limit > 0, "a line needs room for a byte")
        self.limit = limit
    }

    /// Takes the next chunk; `body` sees every line that is complete now, without a copy where it lies whole in the chunk.
    package mutating func feed(_ chunk: UnsafeRawBufferPointer, _ body: Body) {
        var start = 0
        if afterCarriageReturn, let first = chunk.first {
            afterCarriageReturn = false
            if first == Self.newline { start = 1 }
        }
        var at = start
        while at < chunk.count {
            let byte = chunk[at]
            if byte != Self.newline && byte != Self.carriageReturn {
                at += 1
                continue
            }
            var ending = OutputLine.Ending.newline
            var next = at + 1
            if byte == Self.carriageReturn {
                if next == chunk.count {
                    ending = .carriageReturn
                    afterCarriageReturn = true
                } else if chunk[next] == Self.newline {
                    next += 1
                } else {
                    ending = .carriageReturn
                }
            }
            emit(UnsafeRawBufferPointer(rebasing: chunk[start..<at]), ending, body)
            start = next
            at = next
        }
        if start < chunk.count { keep(UnsafeRawBufferPointer(rebasing: chunk[start...])) }
    }

    /// The stream has ended: `body` sees what is left, if anything is.
    package mutating func finish(_ body: Body) {
        guard !partial.isEmpty || dropped > 0 else { return }
        emit(UnsafeRawBufferPointer(start: nil, count: 0), .endOfStream, body)
    }

    private mutating func keep(_ bytes: UnsafeRawBufferPointer) {
        let room = max(0, limit - partial.count)
        partial.append(contentsOf: bytes.prefix(room))
        dropped += max(0, bytes.count - room)
    }

    private mutating func emit(_ bytes: UnsafeRawBufferPointer, _ ending: OutputLine.Ending, _ body: Body) {
        if partial.isEmpty && dropped == 0 && bytes.count <= limit {
            body(bytes, ending, 0)
            return
        }
        keep(bytes)
        partial.withUnsafeBytes { body($0, ending, dropped) }
        partial.removeAll(keepingCapacity: true)
        dropped = 0
    }
}
