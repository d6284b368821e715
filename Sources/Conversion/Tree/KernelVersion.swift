/// The version of an installed kernel: a name below `/lib/modules`, such as `6.1.0-56-amd64`.
package enum KernelVersion {
    /// The newest of them, by comparing runs of digits as numbers; nil when there is none.
    ///
    /// The name is kept as it is, because it is the name of files.
    package static func newest(of names: [String]) -> String? { names.max(by: isOlder) }

    static func isOlder(_ a: String, _ b: String) -> Bool {
        let (left, right) = (parts(a), parts(b))
        for (x, y) in zip(left, right) where x != y {
            switch (x, y) {
            case (.number(let m), .number(let n)): return m < n
            case (.text(let s), .text(let t)): return s < t
            case (.text, .number): return true
            case (.number, .text): return false
            }
        }
        return left.count < right.count
    }

    private enum Part: Equatable {
        case number(UInt64)
        case text(String)
    }

    private static func parts(_ text: String) -> [Part] {
        var parts: [Part] = []
        var rest = Substring(text)
        while let first = rest.first {
            let digits = isDigit(first)
            let run = rest.prefix { isDigit($0) == digits }
            // A run too long for a number is no version anybody uses; as text it still has an order.
            parts.append(digits ? UInt64(run).map(Part.number) ?? .text(String(run)) : .text(String(run)))
            rest = rest[run.endIndex...]
        }
        return parts
    }

    private static func isDigit(_ character: Character) -> Bool { ("0"..."9").contains(character) }
}
