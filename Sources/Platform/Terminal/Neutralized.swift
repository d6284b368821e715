/// Text of a tool made harmless: what a build prints must not move the cursor, change the title of the window or
/// reorder letters of the person who watches it.
package enum Neutralized {
    /// The text without escape sequences, with tabs as blanks and every other control character as U+FFFD.
    ///
    /// Taken out whole are CSI sequences (`ESC [ … letter`: colours, cursor), strings (OSC, DCS, SOS, PM, APC up to
    /// their terminator) and two-byte escapes (ECMA-48, sections 5.4 and 5.6). Marks that change the direction of
    /// writing (Unicode Standard Annex 9) become U+FFFD too. A carriage return at the end is dropped, one within the
    /// text starts the line again, as on a screen.
    package static func text(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isSuspicious) else { return text }
        var result = String.UnicodeScalarView()
        var column = 0
        var rest = Substring(text).unicodeScalars
        while let scalar = rest.popFirst() {
            switch scalar {
            case "\u{1B}": skipEscape(&rest)
            case "\u{9B}": skipControlSequence(&rest)
            case "\u{90}", "\u{98}", "\u{9D}", "\u{9E}", "\u{9F}": skipString(&rest)
            case "\t":
                let blanks = 8 - column % 8
                result.append(contentsOf: String(repeating: " ", count: blanks).unicodeScalars)
                column += blanks
            case "\r":
                guard let next = rest.first, next != "\n" else { continue }
                result.removeAll(keepingCapacity: true)
                column = 0
            case _ where isSuspicious(scalar):
                result.append("\u{FFFD}")
                column += 1
            default:
                result.append(scalar)
                column += 1
            }
        }
        return String(result)
    }

    /// JSON text with what ``text(_:)`` takes out written as `\uXXXX`: such characters stand in strings only, and mean the
    /// same there. All of them have at most four digits.
    package static func json(_ json: String) -> String {
        guard json.unicodeScalars.contains(where: isSuspicious) else { return json }
        var result = String.UnicodeScalarView()
        for scalar in json.unicodeScalars {
            // Blanks between the values are no part of a string.
            guard isSuspicious(scalar), !"\n\r\t".unicodeScalars.contains(scalar) else {
                result.append(scalar)
                continue
            }
            let digits = String(scalar.value, radix: 16)
            result.append(contentsOf: ("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).unicodeScalars)
        }
        return String(result)
    }

    private static func isSuspicious(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0: true
        case 0x200E, 0x200F, 0x061C, 0x202A...0x202E, 0x2066...0x2069: true
        case 0x2028, 0x2029: true
        default: false
        }
    }

    private static func skipEscape(_ rest: inout Substring.UnicodeScalarView) {
        guard let next = rest.first else { return }
        switch next {
        case "[":
            rest.removeFirst()
            skipControlSequence(&rest)
        case "]", "P", "X", "^", "_":
            rest.removeFirst()
            skipString(&rest)
        default:
            // Intermediate bytes, then one final byte.
            while let byte = rest.first, (0x20...0x2F).contains(byte.value) { rest.removeFirst() }
            if let final = rest.first, (0x30...0x7E).contains(final.value) { rest.removeFirst() }
        }
    }

    /// Parameter and intermediate bytes, then a final byte.
    private static func skipControlSequence(_ rest: inout Substring.UnicodeScalarView) {
        while let byte = rest.first, (0x20...0x3F).contains(byte.value) { rest.removeFirst() }
        if let final = rest.first, (0x40...0x7E).contains(final.value) { rest.removeFirst() }
    }

    /// Up to BEL or ST; an unfinished string takes the rest of the line with it, as on a terminal.
    private static func skipString(_ rest: inout Substring.UnicodeScalarView) {
        while let scalar = rest.popFirst() {
            if scalar == "\u{7}" || scalar == "\u{9C}" { return }
            if scalar == "\u{1B}", rest.first == "\\" {
                rest.removeFirst()
                return
            }
        }
    }
}
