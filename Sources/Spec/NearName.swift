/// Finds the name that somebody probably meant.
package enum NearName {
    /// The closest of `names`, when it is close enough to be meant: at most one edit in three letters.
    package static func closest(to text: String, in names: [String]) -> String? {
        let wanted = Array(text.lowercased().unicodeScalars)
        let ranked = names.map { (name: $0, distance: distance(wanted, Array($0.lowercased().unicodeScalars))) }
        guard let best = ranked.min(by: { $0.distance < $1.distance }) else { return nil }
        return best.distance <= max(1, wanted.count / 3) ? best.name : nil
    }

    /// Levenshtein's distance.
    private static func distance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
        var row = Array(0...b.count)
        for (i, x) in a.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, y) in b.enumerated() {
                let next = min(row[j] + 1, row[j + 1] + 1, diagonal + (x == y ? 0 : 1))
                diagonal = row[j + 1]
                row[j + 1] = next
            }
        }
        return row[b.count]
    }
}
