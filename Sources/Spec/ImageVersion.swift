/// A version that an image may carry: the grammar of kairos-init's `--version`.
///
/// An optional `v`, one or more numeric segments with dots between, an optional `-prerelease` and an optional
/// `+metadata`. Printed canonically: at least three segments, no leading zeros, `v` in front, because Kairos' upgrade
/// checks want it.
package struct ImageVersion: Sendable, Hashable, CustomStringConvertible {
    /// The numeric segments, at least three.
    package let segments: [Int]
    /// What follows `-`, without it.
    package let prerelease: String?
    /// What follows `+`, without it.
    package let metadata: String?

    /// The canonical form with `v`.
    package var text: String {
        "v" + segments.map(String.init).joined(separator: ".") + (prerelease.map { "-" + $0 } ?? "")
            + (metadata.map { "+" + $0 } ?? "")
    }

    package var description: String { text }

    package init(parsing text: String) throws(SpecValueError) {
        func refused(_ why: String) -> SpecValueError {
            SpecValueError("bad-version", "\"\(text)\" is no version: \(why)", suggestion: "v1.0.0")
        }
        guard text.utf8.count <= 128 else { throw refused("it is longer than 128 bytes") }
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
}
