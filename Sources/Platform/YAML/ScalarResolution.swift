/// What a plain (unquoted) scalar means: the core schema of YAML 1.2 (section 10.3.2), with two refusals.
///
/// `yes`, `no`, `on`, `off`, `1_000`, `12:30` and dates are text. Refused are integers with a leading zero (`0777` is
/// 777 in YAML 1.2 and 511 in YAML 1.1: a file mode would be wrong without a word) and numbers that do not fit.
enum ScalarResolution {
    /// A value, or the reason why the scalar is refused.
    enum Outcome {
        case value(Node.Value)
        case refused(message: String, advice: String)
    }

    static func resolve(_ text: String) -> Outcome {
        switch text {
        case "", "~", "null", "Null", "NULL": return .value(.null)
        case "true", "True", "TRUE": return .value(.bool(true))
        case "false", "False", "FALSE": return .value(.bool(false))
        case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF": return .value(.double(.infinity))
        case "-.inf", "-.Inf", "-.INF": return .value(.double(-.infinity))
        case ".nan", ".NaN", ".NAN": return .value(.double(.nan))
        default: break
        }
        let bytes = Array(text.utf8)
        if bytes.starts(with: [0x30, 0x78]) { return based(text, digits: bytes.dropFirst(2), radix: 16) }
        if bytes.starts(with: [0x30, 0x6F]) { return based(text, digits: bytes.dropFirst(2), radix: 8) }
        let unsigned = bytes.first.map { $0 == 0x2B || $0 == 0x2D } ?? false ? bytes.dropFirst() : bytes[...]
        if !unsigned.isEmpty, unsigned.allSatisfy(isDigit) { return decimal(text, digits: unsigned) }
        if isFloat(unsigned), let number = Double(text) {
            guard number.isFinite else {
                return .refused(
                    message: "the number \(shortened(text)) is too large", advice: "if it is text, put it in quotes")
            }
            return .value(.double(number))
        }
        return .value(.string(text))
    }

    private static func decimal(_ text: String, digits: ArraySlice<UInt8>) -> Outcome {
        if digits.count > 1, digits.first == 0x30 {
            return .refused(
                message: "the number \(shortened(text)) starts with a zero, which parsers read differently",
                advice: "leave the zero out, write 0o… for an octal number, or put it in quotes if it is text")
        }
        return whole(text, Int64(text))
    }

    private static func based(_ text: String, digits: ArraySlice<UInt8>, radix: Int) -> Outcome {
        let fits = digits.allSatisfy { byte in
            isDigit(byte) && (radix > 8 || byte < 0x38)
                || radix == 16 && (0x41...0x46).contains(byte & ~0x20)
        }
        guard !digits.isEmpty, fits else { return .value(.string(text)) }
        return whole(text, Int64(String(decoding: digits, as: UTF8.self), radix: radix))
    }

    private static func whole(_ text: String, _ number: Int64?) -> Outcome {
        guard let number else {
            return .refused(
                message: "the number \(shortened(text)) does not fit into 64 bits",
                advice: "if it is text, put it in quotes")
        }
        return .value(.int(number))
    }

    /// `( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`, the sign already taken off.
    private static func isFloat(_ bytes: ArraySlice<UInt8>) -> Bool {
        var rest = bytes
        let whole = rest.prefix(while: isDigit).count
        rest = rest.dropFirst(whole)
        var fraction = 0
        if rest.first == 0x2E {
            rest = rest.dropFirst()
            fraction = rest.prefix(while: isDigit).count
            rest = rest.dropFirst(fraction)
        }
        guard whole + fraction > 0 else { return false }
        guard let next = rest.first else { return true }
        guard next == 0x65 || next == 0x45 else { return false }
        rest = rest.dropFirst()
        if let sign = rest.first, sign == 0x2B || sign == 0x2D { rest = rest.dropFirst() }
        return !rest.isEmpty && rest.allSatisfy(isDigit)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private static func shortened(_ text: String) -> String {
        text.count > 40 ? text.prefix(39) + "…" : text
    }
}
