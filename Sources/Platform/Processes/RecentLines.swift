/// What a failure is explained with: the first line of a tool's output that complains, other complaints, and the last lines.
package struct RecentLines: Sendable {
    private let limit: Int
    /// The lines, in the order in which they came.
    package private(set) var lines: [String] = []
    /// The first line that complained: what came after it may only follow from it.
    package private(set) var firstComplaint: String?

    /// Keeps at most `limit` lines, which must be 2 at least.
    package init(_ limit: Int) {
        precondition(limit > 1, "there must be room for the first complaint and the last line")
        self.limit = limit
    }

    /// Adds a line. When it is full the oldest that is no complaint goes, or else the oldest but for the first complaint.
    package mutating func add(_ line: String) {
        guard !line.isEmpty else { return }
        if lines.count == limit {
            lines.remove(at: lines.firstIndex { !Self.complains($0) } ?? 1)
        }
        lines.append(line)
        if firstComplaint == nil, Self.complains(line) { firstComplaint = line }
    }

    /// Whether a line says that something went wrong, in the words of the tools that the farm runs: apt and dpkg, then
    /// what programs of all kinds begin such a line with, or have behind their own name.
    private static func complains(_ line: String) -> Bool {
        ["E: ", "Err:", "W: Failed", "dpkg: error"].contains { line.hasPrefix($0) }
            || [
                "No space left on device", "error: ", "Error: ", "ERROR: ", "fatal: ", "FATAL: ", "FATAL ERROR:",
                "FAILURE : ", "level=fatal", "level=error",
            ].contains { line.contains($0) }
    }
}
