/// A version that an image may carry: the grammar of kairos-init's `--version`.
///
/// An optional `v`, one or more numeric segments with dots between, an optional `-prerelease` and an optional
/// `+metadata`. Printed canonically: at least three segments, no leading zeros, `v` in front, because Kairos' upgrade
/// checks want it.
package struct ImageVersion: Sendable, CustomStringConvertible {
    /// The numeric segments, at least three.
    package let segments: [Int]
    /// What follows `-`, without it.
    package let prerelease: String?
    /// What follows `+`, without it.
    package let metadata: String?

    /// What was read; the canonical form may differ from it.
    package let written: String

    /// The canonical form with `v`.
    package var text: String {
        "v" + segments.map(String.init).joined(separator: ".") + (prerelease.map { "-" + $0 } ?? "")
            + (metadata.map { "+" + $0 } ?? "")
    }

    package var description: String { text }

    package init(parsing text: String) throws(SpecValueError) {
        func refused(_ why: String, suggestion: String? = nil) -> SpecValueError {
            SpecValueError("bad-version", "\"\(text)\" is no version: \(why)", suggestion: suggestion ?? "v1.0.0")
        }
        guard text.utf8.count <= 128 else { throw refused("it is longer than 128 bytes") }
        if let why = Self.slip(text) { throw refused(why.message, suggestion: why.suggestion) }
        written = text
        var rest = Substring(text)
        if rest.hasPrefix("v") { rest.removeFirst() }
        if let plus = rest.firstIndex(of: "+") {
            metadata = String(rest[rest.index(after: plus)...])
            rest = rest[..<plus]
        } else {
            metadata = nil
        }
        if let dash = rest.firstIndex(of: "-") {
            prerelease = String(rest[rest.index(after: dash)...])
            rest = rest[..<dash]
        } else {
            prerelease = nil
        }
        var segments: [Int] = []
        for part in rest.split(separator: ".", omittingEmptySubsequences: false) {
            guard !part.isEmpty, part.utf8.allSatisfy({ (48...57).contains($0) }) else {
                throw refused("it must begin with numbers and dots between them")
            }
            guard let number = Int(part), number <= Int32.max else { throw refused("\(part) is too large a number") }
            segments.append(number)
        }
        guard segments.count <= 8 else { throw refused("it has more than 8 numbers") }
        while segments.count < 3 { segments.append(0) }
        self.segments = segments
        for (name, extra, others) in [("pre-release", prerelease, "-~"), ("metadata", metadata, "-")] {
            guard let extra else { continue }
            let groups = extra.split(separator: ".", omittingEmptySubsequences: false)
            let good = groups.allSatisfy { group in
                !group.isEmpty
                    && group.unicodeScalars.allSatisfy { scalar in
                        scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
                            || others.unicodeScalars.contains(scalar)
                    }
            }
            guard good else { throw refused("its \(name) \"\(extra)\" may hold letters, digits and \(others) only") }
        }
    }

    /// What is known to be a mistake, with what was meant.
    private static func slip(_ text: String) -> (message: String, suggestion: String?)? {
        let trimmed = String(text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
        func good(_ text: String) -> String? { (try? ImageVersion(parsing: text)).map { _ in text } }
        if trimmed.count < text.count {
            return ("it has a blank at its \(text.first?.isWhitespace == true ? "start" : "end")", good(trimmed))
        }
        if text.hasPrefix("V") { return ("it begins with a capital V", good("v" + text.dropFirst())) }
        // A date of ISO 8601 would be the number of the year with a pre-release behind it.
        let date = text.drop { $0 == "v" }.split(separator: "-", maxSplits: 2, omittingEmptySubsequences: false)
        guard date.count == 3, date[0].utf8.count == 4, let year = Int(date[0]), date[1].utf8.count == 2,
            let month = Int(date[1]), (1...12).contains(month), let day = Int(date[2].prefix(2)), (1...31).contains(day)
        else { return nil }
        let rest = date[2].dropFirst(2)
        guard rest.first.map({ !$0.isNumber && $0 != "." }) ?? true else { return nil }
        return ("a date is written with dots", good("v\(year).\(month).\(day)\(rest)"))
    }
}

extension ImageVersion: Hashable {
    /// Versions are equal that are printed alike.
    package static func == (left: ImageVersion, right: ImageVersion) -> Bool { left.text == right.text }

    package func hash(into hasher: inout Hasher) { hasher.combine(text) }
}
