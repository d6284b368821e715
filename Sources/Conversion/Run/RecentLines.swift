/// The first line that complains and the last ones of a tool's output: what a failure is explained with.
struct RecentLines {
    private let limit: Int
    private(set) var lines: [String] = []

    /// Keeps at most `limit` lines.
    init(_ limit: Int) { self.limit = limit }

    /// Adds a line. When it is full the oldest that is no complaint goes, or else the oldest.
    mutating func add(_ line: String) {
        guard !line.isEmpty else { return }
        if lines.count == limit {
            lines.remove(at: lines.firstIndex { !Self.complains($0) } ?? 0)
        }
        lines.append(line)
    }

    private static func complains(_ line: String) -> Bool {
        ["E: ", "Err:", "W: Failed", "dpkg: error"].contains { line.hasPrefix($0) }
            || line.contains("No space left on device")
    }
}
