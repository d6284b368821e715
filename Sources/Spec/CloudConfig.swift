import YAML

/// The rules by which the agent on a node takes a configuration, applied before anything is built: what the agent
/// ignores leaves a node unconfigured.
enum CloudConfig {
    /// The words by which the agent knows its files.
    static let headers = ["#cloud-config", "#kairos-config", "#node-config"]
    /// The agent looks for a header on so many lines.
    static let headerLines = 9
    /// The most bytes that a description may carry.
    static let limit = 512 * 1024

    /// Refuses what the agent would ignore or fail on.
    ///
    /// - Throws: `too-large`, or `bad-cloud-config` with the line and column in the configuration.
    /// - Returns: what there is to know about a text that is taken.
    static func check(_ text: String) throws(SpecValueError) -> Notice? {
        guard text.utf8.count <= limit else {
            throw SpecValueError(
                "too-large", "cloudConfig has \(text.utf8.count) bytes; at most \(limit) are taken")
        }
        try refuseControls(text)
        try requireHeader(text)
        do throws(YAMLError) {
            switch try ForeignYAML.check(Array(text.utf8)) {
            case (.map, _): return nil
            case (.nothing, _): return .empty
            case (let top, let mark):
                let what = top == .list ? "a list" : "one piece of text"
                throw YAMLError(
                    .type, at: mark, "the top is \(what); it must be a mapping", advice: "hostname: node")
            }
        } catch {
            throw refused(at: error.mark, error.message, suggestion: error.advice)
        }
    }

    /// What is taken and may still surprise.
    enum Notice: Equatable {
        /// There is nothing but comments.
        case empty
    }

    /// What there is to know about a text that was taken before.
    static func notice(_ text: String) -> Notice? { try? check(text) }

    private static func refused(at mark: Mark, _ message: String, suggestion: String?) -> SpecValueError {
        SpecValueError("bad-cloud-config", "cloudConfig \(mark): \(message)", suggestion: suggestion)
    }

    /// Line ends and tabs are the only control characters that YAML takes.
    private static func refuseControls(_ text: String) throws(SpecValueError) {
        var (line, column) = (1, 1)
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x0A:
                (line, column) = (line + 1, 1)
                continue
            case 0x09, 0x0D, 0x85: break
            case 0..<0x20, 0x7F..<0xA0:
                let digits = String(scalar.value, radix: 16, uppercase: true)
                let name = "U+" + String(repeating: "0", count: 4 - digits.count) + digits
                throw refused(
                    at: Mark(line: line, column: column), "the control character \(name) is not allowed",
                    suggestion: "the same without that character")
            default: break
            }
            column += 1
        }
    }

    private static func requireHeader(_ text: String) throws(SpecValueError) {
        let lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            String(
                String.UnicodeScalarView(
                    line.reversed().drop { " \t\r\u{85}\u{A0}".unicodeScalars.contains($0) }
                        .reversed()))
        }
        guard !lines.prefix(headerLines).contains(where: headers.contains) else { return }
        let rule = "one of \(headers.joined(separator: ", ")) must stand alone on one of the first \(headerLines) lines"
        if let first = lines.first, first.unicodeScalars.first == "\u{FEFF}" {
            throw refused(
                at: Mark(line: 1, column: 1),
                "a byte-order mark (U+FEFF) stands before the header, so the agent does not know it",
                suggestion: "save the file as UTF-8 without a byte-order mark")
        }
        if let late = lines.firstIndex(where: headers.contains) {
            throw refused(
                at: Mark(line: late + 1, column: 1), "the header stands too late: \(rule)",
                suggestion: "\(lines[late]) on line 1")
        }
        if let index = lines.prefix(headerLines).firstIndex(where: isMeantAsHeader) {
            throw refused(
                at: Mark(line: index + 1, column: 1),
                "\"\(lines[index].prefix(40))\" is no header that the agent knows: \(rule)", suggestion: headers[0])
        }
        throw SpecValueError("bad-cloud-config", "cloudConfig has no header: \(rule)", suggestion: headers[0])
    }

    /// Whether a line is a header with a mistake in it.
    private static func isMeantAsHeader(_ line: String) -> Bool {
        let word = line.lowercased().filter { !$0.isWhitespace }
        return word.hasPrefix("#") && headers.contains { word.hasPrefix($0) || word.hasPrefix($0.dropLast(6)) }
    }
}
