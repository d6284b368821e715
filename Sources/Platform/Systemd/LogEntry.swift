/// One entry of the log: a constant sentence, and the values that belong to it by name.
package struct LogEntry: Sendable, Hashable {
    /// How urgent it is.
    package let priority: Priority
    /// A sentence that is the same each time, so that it can be searched for.
    package let message: String
    /// What this time was different: `["job": "12", "worker": "w1"]`.
    package let values: [String: String]

    /// An entry.
    package init(_ priority: Priority, _ message: String, _ values: [String: String] = [:]) {
        self.priority = priority
        self.message = message
        self.values = values
    }

    /// The datagram of the journal's native protocol: `NAME=value` lines; a value with a line break goes as the name,
    /// a 64-bit little-endian length and the bytes (systemd.io/JOURNAL_NATIVE_PROTOCOL).
    func journalDatagram(identifier: String, fieldPrefix: String) -> [UInt8] {
        var bytes: [UInt8] = []
        func append(_ name: String, _ value: String) {
            let value = [UInt8](value.utf8)
            bytes += name.utf8
            if value.contains(UInt8(ascii: "\n")) {
                bytes.append(UInt8(ascii: "\n"))
                withUnsafeBytes(of: UInt64(value.count).littleEndian) { bytes += $0 }
            } else {
                bytes.append(UInt8(ascii: "="))
            }
            bytes += value
            bytes.append(UInt8(ascii: "\n"))
        }
        append("MESSAGE", message)
        append("PRIORITY", "\(priority.rawValue)")
        append("SYSLOG_IDENTIFIER", identifier)
        for (name, value) in values.sorted(by: { $0.key < $1.key }) {
            append(Self.fieldName(name, prefix: fieldPrefix), value)
        }
        return bytes
    }

    /// `sentence name=value …` on one line. Values with blanks, quotes or control characters are quoted, so that a
    /// value can neither begin a line nor move a terminal's cursor.
    package var line: String {
        var line = Self.printable(message)
        for (name, value) in values.sorted(by: { $0.key < $1.key }) {
            line += " \(name)=\(Self.quoted(value))"
        }
        return line
    }

    /// The journal takes A–Z, 0–9 and `_`, at most 64 characters, not beginning with a digit or `_`.
    static func fieldName(_ name: String, prefix: String) -> String {
        let text = (prefix + "_" + name).utf8.prefix(64).map { byte -> Character in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"): Character(UnicodeScalar(byte - 32))
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                Character(UnicodeScalar(byte))
            default: "_"
            }
        }
        return String(text)
    }

    private static func quoted(_ value: String) -> String {
        let plain = value.unicodeScalars.allSatisfy { $0.value > 0x20 && $0 != "\"" && $0 != "=" && !isControl($0) }
        if plain && !value.isEmpty { return value }
        return "\"" + printable(value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")) + "\""
    }

    private static func printable(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case _ where isControl(scalar): result += "\\u{" + String(scalar.value, radix: 16) + "}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private static func isControl(_ scalar: UnicodeScalar) -> Bool {
        scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
    }
}
