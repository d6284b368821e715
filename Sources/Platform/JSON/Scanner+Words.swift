extension Scanner {
    @inline(__always)
    mutating func skipSpace(_ input: Span<UInt8>) {
        while at < input.count {
            switch input[at] {
            case 0x20, 0x0A, 0x0D, 0x09: at += 1
            default: return
            }
        }
    }

    mutating func literal(_ input: Span<UInt8>, _ word: StaticString) throws(Fault) {
        let start = at
        for index in 0..<word.utf8CodeUnitCount {
            guard at < input.count, input[at] == word.utf8Start[index] else {
                throw fault(.syntax, start, "a bare word that is not true, false or null")
            }
            at += 1
        }
    }

    /// RFC 8259 section 6, and within what 64-bit integers and doubles can hold.
    mutating func number(_ input: Span<UInt8>) throws(Fault) {
        let start = at
        var isInteger = true
        if input[at] == UInt8(ascii: "-") { at += 1 }
        if at < input.count, input[at] == UInt8(ascii: "0") {
            at += 1
            if at < input.count, isDigit(input[at]) { throw fault(.syntax, start, "a number with a leading zero") }
        } else {
            try digits(input, in: start)
        }
        if at < input.count, input[at] == UInt8(ascii: ".") {
            isInteger = false
            at += 1
            try digits(input, in: start)
        }
        if at < input.count, input[at] | 0x20 == UInt8(ascii: "e") {
            isInteger = false
            at += 1
            if at < input.count, input[at] == UInt8(ascii: "+") || input[at] == UInt8(ascii: "-") { at += 1 }
            try digits(input, in: start)
        }
        try checkRange(input, from: start, isInteger: isInteger)
    }

    private func checkRange(_ input: Span<UInt8>, from start: Int, isInteger: Bool) throws(Fault) {
        let count = at - start
        // 18 digits and a sign always fit, and so does a short number without an exponent.
        if isInteger && count <= 18 { return }
        let text = String(decoding: (start..<min(at, start + 400)).map { input[$0] }, as: UTF8.self)
        let shown = count > 40 ? text.prefix(37) + "…" : text[...]
        if isInteger {
            guard Int64(text) != nil else {
                throw fault(.numberOutOfRange, start, "the integer \(shown) does not fit in 64 bits")
            }
        } else {
            guard count <= 400, let value = Double(text), value.isFinite else {
                throw fault(.numberOutOfRange, start, "the number \(shown) is beyond the range of a double")
            }
        }
    }

    private func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

    private mutating func digits(_ input: Span<UInt8>, in start: Int) throws(Fault) {
        let first = at
        while at < input.count, isDigit(input[at]) { at += 1 }
        guard at > first else { throw fault(.syntax, start, "a number without a digit where one is expected") }
    }

    func fault(_ code: JSONError.Code, _ offset: Int, _ message: String) -> Fault {
        Fault(code: code, offset: offset, message: message)
    }

    /// The byte at `offset` in words: a printable one in quotes, others by their value.
    func name(_ input: Span<UInt8>, _ offset: Int) -> String {
        guard offset < input.count else { return "the end of the text" }
        let byte = input[offset]
        if byte > 0x20 && byte < 0x7F { return "'\(Character(UnicodeScalar(byte)))'" }
        let hex = String(byte, radix: 16, uppercase: true)
        return "byte 0x\(hex.count == 1 ? "0" : "")\(hex)"
    }
}
