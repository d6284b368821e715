/// A Content-Range field (RFC 9110 section 14.4): which part of which whole is sent.
package struct ContentRange: Sendable, Hashable, CustomStringConvertible {
    /// The part; nil in `bytes */size`, which asks or says how much there is.
    package let part: Range<Int>?
    /// The whole length; nil when it is not known (`*`).
    package let size: Int?

    /// A part of a whole.
    package init(part: Range<Int>?, size: Int?) {
        self.part = part
        self.size = size
    }

    /// Reads `bytes 0-99/1000`, `bytes 0-99/*` or `bytes */1000`; nil for anything else, and where the part is empty
    /// or passes the end.
    package init?(_ text: String) {
        guard text.lowercased().hasPrefix("bytes ") else { return nil }
        let halves = text.dropFirst(6).split(separator: "/", omittingEmptySubsequences: false)
        guard halves.count == 2 else { return nil }
        if halves[1] == "*" {
            size = nil
        } else {
            guard let number = Self.number(halves[1]) else { return nil }
            size = number
        }
        if halves[0] == "*" {
            guard size != nil else { return nil }
            part = nil
            return
        }
        let ends = halves[0].split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, let first = Self.number(ends[0]), let last = Self.number(ends[1]), last >= first,
            last < size ?? .max
        else { return nil }
        part = first..<last + 1
    }

    /// As it is written in the field.
    package var description: String {
        let part = part.map { "\($0.lowerBound)-\($0.upperBound - 1)" } ?? "*"
        return "bytes \(part)/\(size.map(String.init) ?? "*")"
    }

    private static func number(_ text: Substring) -> Int? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return Int(text)
    }
}
