extension Scanner {
    /// Reads a string after its opening quote, through the closing one; returns whether an escape was met.
    /// With `collecting`, what the string means is appended to `unescaped`.
    mutating func string(_ input: Span<UInt8>, collecting: Bool = false) throws(Fault) -> Bool {
        let start = at - 1
        var escaped = false
        while at < input.count {
            let byte = input[at]
            if byte == UInt8(ascii: "\"") {
                at += 1
                return escaped
            }
            if byte == UInt8(ascii: "\\") {
                escaped = true
                let scalar = try escape(input)
                if collecting { unescaped += String(Character(scalar)).utf8 }
            } else if byte >= 0x80 {
                let first = at
                try multibyte(input)
                if collecting { for index in first..<at { unescaped.append(input[index]) } }
            } else if byte >= 0x20 {
                if collecting { unescaped.append(byte) }
                at += 1
            } else {
                throw fault(.syntax, at, "\(name(input, at)) in a string; control characters must be escaped")
            }
        }
        throw fault(.syntax, start, "a string without its closing quote")
    }

    /// Reads an escape from its backslash on; returns the character it stands for.
    private mutating func escape(_ input: Span<UInt8>) throws(Fault) -> UnicodeScalar {
        let start = at
        guard at + 1 < input.count else { throw fault(.syntax, start, "the text ends inside an escape") }
        let byte = input[at + 1]
        at += 2
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return UnicodeScalar(byte)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): break
        default: throw fault(.syntax, start, "the escape \\ with \(name(input, start + 1)), which JSON does not know")
        }
        let unit = try hexadecimal(input, in: start)
        if unit == 0 { throw fault(.nul, start, "\\u0000 in a string") }
        if let scalar = UnicodeScalar(unit) { return scalar }
        // Not a scalar by itself: half of a surrogate pair (RFC 8259 section 7).
        guard unit < 0xDC00, at + 1 < input.count, input[at] == UInt8(ascii: "\\"), input[at + 1] == UInt8(ascii: "u")
        else { throw fault(.loneSurrogate, start, "half of a surrogate pair, \\u\(String(unit, radix: 16))") }
        at += 2
        let low = try hexadecimal(input, in: start)
        guard low & 0xFC00 == 0xDC00, let scalar = UnicodeScalar(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00))
        else { throw fault(.loneSurrogate, start, "half of a surrogate pair, \\u\(String(unit, radix: 16))") }
        return scalar
    }

    private mutating func hexadecimal(_ input: Span<UInt8>, in start: Int) throws(Fault) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard at < input.count else { throw fault(.syntax, start, "the text ends inside an escape") }
            let byte = input[at]
            switch byte {
            case 0x30...0x39: value = value << 4 | UInt32(byte - 0x30)
            case 0x41...0x46: value = value << 4 | UInt32(byte - 0x37)
            case 0x61...0x66: value = value << 4 | UInt32(byte - 0x57)
            default: throw fault(.syntax, start, "\\u without four hexadecimal digits")
            }
            at += 1
        }
        return value
    }

    /// One of the well-formed byte sequences of the Unicode standard, table 3-7.
    private mutating func multibyte(_ input: Span<UInt8>) throws(Fault) {
        let first = input[at]
        let more: Int
        let range: ClosedRange<UInt8>
        switch first {
        case 0xC2...0xDF: (more, range) = (1, 0x80...0xBF)
        case 0xE0: (more, range) = (2, 0xA0...0xBF)
        case 0xED: (more, range) = (2, 0x80...0x9F)
        case 0xE1...0xEF: (more, range) = (2, 0x80...0xBF)
        case 0xF0: (more, range) = (3, 0x90...0xBF)
        case 0xF1...0xF3: (more, range) = (3, 0x80...0xBF)
        case 0xF4: (more, range) = (3, 0x80...0x8F)
        default: throw fault(.invalidUTF8, at, "\(name(input, at)), which is not UTF-8")
        }
        guard at + more < input.count, range.contains(input[at + 1]) else {
            throw fault(.invalidUTF8, at, "\(name(input, at)) without its UTF-8 continuation")
        }
        for index in 1...more where input[at + index] & 0xC0 != 0x80 {
            throw fault(.invalidUTF8, at, "\(name(input, at)) without its UTF-8 continuation")
        }
        at += more + 1
    }
}
