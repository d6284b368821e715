/// Where a description came from, for messages that show the line.
struct SpecSource: Sendable {
    /// The file's name, `standard input` or `the command line`.
    let name: String
    /// The text; empty for the command line.
    let text: [UInt8]

    /// A line of the text, counted from 1.
    func line(_ number: Int) -> String? {
        guard number > 0, !text.isEmpty else { return nil }
        var rest = text[...]
        for _ in 1..<number {
            guard let end = rest.firstIndex(of: 0x0A) else { return nil }
            rest = rest[(end + 1)...]
        }
        return String(decoding: rest.prefix { $0 != 0x0A && $0 != 0x0D }, as: UTF8.self)
    }
}
