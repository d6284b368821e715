/// Which values an option or a positional argument accepts.
package enum ValueRule: Sendable, Equatable {
    /// Any text, the empty one included.
    case anything
    /// Any text but the empty one.
    case something
    /// One of these words.
    case choice([String])
    /// A whole number in decimal, within the range.
    case integer(ClosedRange<Int>)

    /// Why `value` is not accepted, as the end of a sentence that starts with the name; nil when it is accepted.
    func objection(to value: String) -> (message: String, suggestion: String?)? {
        switch self {
        case .anything: return nil
        case .something: return value.isEmpty ? ("must not be empty", nil) : nil
        case .choice(let words):
            if words.contains(value) { return nil }
            return ("is '\(value)', but must be one of \(words.joined(separator: ", "))", nearestChoice(value, words))
        case .integer(let range):
            guard let number = Int(value), value.utf8.first != 0x2B else {
                return ("is '\(value)', but must be a whole number", nil)
            }
            if range.contains(number) { return nil }
            return ("is \(number), but must be between \(range.lowerBound) and \(range.upperBound)", nil)
        }
    }
}
