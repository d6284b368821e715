/// The fields of `/etc/os-release` (os-release(5)): shell assignments, one a line.
package struct OSRelease: Sendable, Equatable {
    /// Values by name, unquoted. A name given twice keeps the last value, as a shell would.
    package let fields: [String: String]

    /// Reads the file's text. Lines that are no assignment are passed over: the file belongs to the base, and a
    /// comment more or less in it must not end a build.
    package init(_ text: String) {
        var fields: [String: String] = [:]
        for line in text.split(whereSeparator: \.isNewline) {
            let line = Self.trimmed(line)
            guard !line.hasPrefix("#"), let equals = line.firstIndex(of: "=") else { continue }
            fields[String(line[..<equals])] = Self.unquoted(line[line.index(after: equals)...])
        }
        self.fields = fields
    }

    /// A value; nil when the name is missing or its value is empty, which mean the same by os-release(5).
    package subscript(name: String) -> String? {
        guard let value = fields[name], !value.isEmpty else { return nil }
        return value
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop { $0 == " " || $0 == "\t" }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return text
    }

    /// Takes one pair of quotes off, and the backslashes that protect characters within double quotes.
    private static func unquoted(_ value: Substring) -> String {
        if value.count >= 2, value.first == "'", value.last == "'" {
            return String(value.dropFirst().dropLast())
        }
        let inner = value.count >= 2 && value.first == "\"" && value.last == "\"" ? value.dropFirst().dropLast() : value
        var result = ""
        var escaped = false
        for character in inner {
            if !escaped, character == "\\" {
                escaped = true
            } else {
                result.append(character)
                escaped = false
            }
        }
        return result
    }
}
