/// The last lines that a tool said, for the report of its failure.
struct LastLines {
    /// More than anybody reads.
    private static let most = 40
    private(set) var lines: [String] = []

    mutating func add(_ line: String) {
        guard !line.isEmpty else { return }
        if lines.count == Self.most { lines.removeFirst() }
        lines.append(line)
    }
}
