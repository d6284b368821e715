/// Passwords in URLs and image references, replaced by `***` wherever a text is shown.
///
/// A text that looks like a password is hidden too: of two mistakes, showing one is the worse.
package enum Passwords {
    private typealias Scalars = ArraySlice<Unicode.Scalar>

    /// What a password is replaced by.
    package static let mask = "***"

    /// A text, of one line or several, without the passwords in it.
    package static func masked(_ text: String) -> String { masked(text, column: 1).text }

    /// A text without the passwords in it, and the column that a column of the text is now; both counted from 1.
    package static func masked(_ text: String, column: Int) -> (text: String, column: Int) {
        guard text.unicodeScalars.contains("@") else { return (text, column) }
        return replaced(text, ranges(Array(text.unicodeScalars)[...]), column)
    }

    /// One value that is a URL or a reference, or was meant as one, without its password, whatever stands in that.
    package static func masked(value: String) -> String {
        let scalars = Array(value.unicodeScalars)
        return replaced(value, [secret(of: scalars[...])].compactMap(\.self), 1).text
    }

    /// Whether a URL or a reference carries a user or a password.
    static func areIn(value: String) -> Bool { secret(of: Array(value.unicodeScalars)[...]) != nil }

    private static func replaced(_ text: String, _ ranges: [Range<Int>], _ column: Int) -> (text: String, column: Int) {
        let scalars = Array(text.unicodeScalars)
        var result = String.UnicodeScalarView()
        var (index, moved) = (0, column)
        for range in ranges {
            result.append(contentsOf: scalars[index..<range.lowerBound])
            result.append(contentsOf: mask.unicodeScalars)
            if column - 1 >= range.upperBound {
                moved += mask.unicodeScalars.count - range.count
            } else if column - 1 > range.lowerBound {
                moved -= column - 1 - range.lowerBound
            }
            index = range.upperBound
        }
        result.append(contentsOf: scalars[index...])
        return (String(result), moved)
    }

    /// What is to be hidden of a text: from each `scheme://` to the end of its quotes or line, and in each word.
    private static func ranges(_ text: Scalars) -> [Range<Int>] {
        var found: [Range<Int>] = []
        for line in text.split(separator: "\n") {
            var rest = line
            while !rest.isEmpty {
                guard let scheme = schemeEnd(rest) else {
                    found += words(rest)
                    break
                }
                let start = rest[..<(scheme - 3)].lastIndex(where: isDelimiter).map { $0 + 1 } ?? rest.startIndex
                found += words(rest[..<start])
                let end = valueEnd(rest[scheme...])
                if let range = secret(of: rest[start..<end]) { found.append(range) }
                rest = rest[end...]
            }
        }
        return found
    }

    private static func words(_ text: Scalars) -> [Range<Int>] {
        text.split(whereSeparator: isDelimiter).compactMap { secret(of: $0) }
    }

    private static func isDelimiter(_ scalar: Unicode.Scalar) -> Bool {
        " \t\r\"'{}[],".unicodeScalars.contains(scalar)
    }

    /// Where the authority behind the first `://` begins.
    private static func schemeEnd(_ text: Scalars) -> Int? {
        text.indices.dropLast(2).first { text[$0] == ":" && text[$0 + 1] == "/" && text[$0 + 2] == "/" }
            .map { $0 + 3 }
    }

    /// Where a value ends that may hold blanks: at a quote that closes it, before the next URL, or with the line.
    private static func valueEnd(_ text: Scalars) -> Int {
        for index in text.indices where text[index] == "\"" || text[index] == "'" {
            let next = index + 1 < text.endIndex ? text[index + 1] : " "
            if " ,}]):;.\t\r".unicodeScalars.contains(next) { return index }
        }
        guard let next = schemeEnd(text) else { return text.endIndex }
        return text[..<(next - 3)].lastIndex(where: isDelimiter) ?? text.endIndex
    }

    /// What is to be hidden of one value: the password before the last `@`, or the user where there is none.
    private static func secret(of value: Scalars) -> Range<Int>? {
        let start = schemeEnd(value) ?? value.startIndex
        guard let at = value[start...].indices.last(where: { value[$0] == "@" && !isDigest(value[($0 + 1)...]) })
        else { return nil }
        if let colon = value[start..<at].firstIndex(of: ":") { return (colon + 1)..<at }
        // A user alone may be a token. Before a slash there is a host.
        guard start > value.startIndex, at > start, !value[start..<at].contains("/") else { return nil }
        return start..<at
    }

    /// Whether an `@` is that of `name@sha256:…`.
    private static func isDigest(_ text: Scalars) -> Bool {
        ["sha256:", "sha384:", "sha512:"].contains { text.starts(with: $0.unicodeScalars) }
    }
}
