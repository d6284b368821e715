/// The `VERSION_ID` of a distribution as numbers, for the package tables: `24.04`, `13`, `3.21`.
package struct SystemVersion: Sendable, Hashable, Comparable {
    /// The numbers between the dots. Missing ones count as zero: `10` equals `10.0`.
    private let segments: [Int]

    /// Takes numbers with dots between; nil for anything else.
    package init?(_ text: String) {
        var segments: [Int] = []
        for part in text.split(separator: ".", omittingEmptySubsequences: false) {
            guard part.utf8.allSatisfy({ (48...57).contains($0) }), let number = Int(part) else { return nil }
            segments.append(number)
        }
        while segments.count > 1, segments.last == 0 { segments.removeLast() }
        guard !segments.isEmpty else { return nil }
        self.segments = segments
    }

    package static func < (a: SystemVersion, b: SystemVersion) -> Bool {
        for index in 0..<max(a.segments.count, b.segments.count) {
            let left = index < a.segments.count ? a.segments[index] : 0
            let right = index < b.segments.count ? b.segments[index] : 0
            if left != right { return left < right }
        }
        return false
    }
}
