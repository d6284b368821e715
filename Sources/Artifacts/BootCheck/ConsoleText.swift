/// A serial console's bytes made into lines of plain text, chunk by chunk.
///
/// Firmware and boot loaders paint a screen with escape sequences (ECMA-48); those go, and a jump of the cursor ends a
/// line. Lines without a letter or digit are frames and rulers and are dropped.
package struct ConsoleText: Sendable {
    /// Longer lines are cut: a console that never sends a line end must not fill the memory.
    package static let longestLine = 4096

    private enum State {
        case text
        case escape
        /// After `ESC (` and the like: one more byte belongs to it.
        case oneMore
        /// After `ESC [`: up to a byte in 0x40…0x7E.
        case control
        /// After `ESC ]`, `ESC P`, `ESC ^`, `ESC _`: up to BEL or `ESC \`.
        case string
    }

    private var state = State.text
    private var bytes: [UInt8] = []

    package init() {}

    /// The line that has begun and not ended: where a prompt stands.
    package var unfinished: String {
        ConsoleText.trimmed(bytes)
    }

    /// Takes what came, and returns the lines that it ended.
    package mutating func append(_ chunk: some Sequence<UInt8>) -> [String] {
        var lines: [String] = []
        for byte in chunk {
            if take(byte) { endLine(into: &lines) }
        }
        return lines
    }

    /// The last line when no more will come.
    package mutating func finish() -> [String] {
        var lines: [String] = []
        endLine(into: &lines)
        return lines
    }

    /// Takes one byte; true when it ended a line.
    private mutating func take(_ byte: UInt8) -> Bool {
        switch state {
        case .text:
            switch byte {
            case 0x1B:
                state = .escape
            case 0x0A, 0x0D:
                return true
            case 0x08:
                bytes = bytes.dropLast()
            case 0x09:
                bytes.append(0x20)
            case 0x00...0x1F, 0x7F:
                break
            default:
                if bytes.count < ConsoleText.longestLine { bytes.append(byte) }
            }
        case .escape:
            switch byte {
            case UInt8(ascii: "["): state = .control
            case UInt8(ascii: "]"), UInt8(ascii: "P"), UInt8(ascii: "^"), UInt8(ascii: "_"): state = .string
            case 0x20...0x2F: state = .oneMore
            default: state = .text
            }
        case .oneMore:
            state = .text
        case .control:
            guard (0x40...0x7E).contains(byte) else { return false }
            state = .text
            // Cursor position, vertical position, and erasing of the screen: what follows stands elsewhere.
            return [UInt8(ascii: "H"), UInt8(ascii: "f"), UInt8(ascii: "d"), UInt8(ascii: "J")].contains(byte)
        case .string:
            if byte == 0x07 { state = .text } else if byte == 0x1B { state = .escape }
        }
        return false
    }

    private mutating func endLine(into lines: inout [String]) {
        let line = ConsoleText.trimmed(bytes)
        bytes.removeAll(keepingCapacity: true)
        if line.contains(where: { $0.isLetter || $0.isNumber }) { lines.append(line) }
    }

    private static func trimmed(_ bytes: [UInt8]) -> String {
        guard let first = bytes.firstIndex(where: { $0 != 0x20 }), let last = bytes.lastIndex(where: { $0 != 0x20 })
        else { return "" }
        return String(decoding: bytes[first...last], as: UTF8.self)
    }
}
