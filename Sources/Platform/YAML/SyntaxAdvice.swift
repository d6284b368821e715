/// libyaml's words for a syntax error, said so that a person knows what to do.
enum SyntaxAdvice {
    /// An error for the `problem` that libyaml reports at `mark` of the text `bytes`; `opened` is where the quote,
    /// list or map starts that it was reading.
    static func error(_ problem: String, at mark: Mark, opened: Mark?, in bytes: [UInt8]) -> YAMLError {
        if let tab = tabIndent(onLine: mark.line, in: bytes) {
            return YAMLError(
                .tab, at: Mark(line: mark.line, column: tab), "the line is indented with a tab",
                advice: "YAML takes spaces only: replace each tab by two spaces")
        }
        let (message, advice) = words(problem)
        let unclosed = message.contains("not closed") || message.contains("never closed")
        let place = unclosed ? opened.map { " (it starts at \($0))" } ?? "" : ""
        return YAMLError(.syntax, at: mark, message + place, advice: advice)
    }

    private static func words(_ problem: String) -> (String, String?) {
        switch problem {
        case "mapping values are not allowed in this context":
            ("a ':' makes no key here", "put text that contains ': ' in quotes, or look at the indentation")
        case "could not find expected ':'":
            ("a key without a ':' after it", "write 'key: value', with a blank after the ':'")
        case "did not find expected key":
            ("this line does not continue the map above it", "indent the keys of one map alike")
        case "did not find expected '-' indicator":
            ("this line does not continue the list above it", "start each element with '- ', indented alike")
        case "found unexpected end of stream":
            ("a quote is opened and never closed", nil)
        case "found unexpected document indicator":
            ("a quote is opened and not closed before the document ends", nil)
        case "did not find expected ',' or ']'":
            ("a list in [ ] is not closed, or a ',' is missing", nil)
        case "did not find expected ',' or '}'":
            ("a map in { } is not closed, or a ',' is missing", nil)
        case "found character that cannot start any token":
            ("no value starts with this character", "put the text in quotes")
        case "found unknown escape character":
            ("this escape is not known inside double quotes", "write \\\\ for a backslash, or use single quotes")
        case "block sequence entries are not allowed in this context":
            ("a list cannot start on the line of its key", "put the first '- ' on a line of its own")
        case "did not find expected node content": ("a value is missing", nil)
        case "found undefined tag handle": ("tags are not accepted", "leave the '!' away, or put the text in quotes")
        default: (problem, nil)
        }
    }

    /// The column of the first tab in the blanks that start a line, if there is one.
    private static func tabIndent(onLine line: Int, in bytes: [UInt8]) -> Int? {
        var current = 1
        var index = 0
        while current < line {
            guard let end = bytes[index...].firstIndex(of: 0x0A) else { return nil }
            index = end + 1
            current += 1
        }
        for (column, byte) in bytes[index...].enumerated() {
            switch byte {
            case 0x20: continue
            case 0x09: return column + 1
            default: return nil
            }
        }
        return nil
    }
}
