/// What a Range field asks for (RFC 9110 section 14).
enum ByteRange: Sendable, Hashable {
    /// Everything: no range, several, or a field that makes no sense, which a server ignores.
    case whole
    /// One part.
    case part(Range<Int>)
    /// A part that lies outside.
    case unsatisfiable

    /// Reads `bytes=first-last`, `bytes=first-` or `bytes=-count` for a representation of `size` bytes.
    init(_ text: String, size: Int) {
        self = .whole
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].lowercased() == "bytes" else { return }
        let ends = parts[1].split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, !(ends[0].isEmpty && ends[1].isEmpty) else { return }
        guard let first = Self.number(ends[0]), let last = Self.number(ends[1]) else { return }
        switch (first, last) {
        case (nil, let count?):
            guard count > 0 else {
                self = .unsatisfiable
                return
            }
            // The last bytes of nothing are nothing, which no Content-Range can say.
            if size > 0 { self = .part(max(0, size - count)..<size) }
        case (let first?, let last):
            if let last, last < first { return }
            // A number too long for an Int means "to the end" (clamped by `number`), not "no range".
            self = first >= size ? .unsatisfiable : .part(first..<min(last ?? .max, size - 1) + 1)
        case (nil, nil): return
        }
    }

    /// Outer nil: not a number. Inner nil: empty.
    private static func number(_ text: Substring) -> Int?? {
        if text.isEmpty { return .some(nil) }
        guard text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return Int(text) ?? .max
    }
}
