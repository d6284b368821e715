/// Finds the name that somebody probably meant.
package enum NearName {
    /// The closest of `names`, when it is close enough to be meant: at most one edit in three letters.
    package static func closest(to text: String, in names: [String]) -> String? {
        let wanted = Array(text.lowercased().unicodeScalars)
        let ranked = names.map { (name: $0, distance: distance(wanted, Array($0.lowercased().unicodeScalars))) }
        guard let best = ranked.min(by: { $0.distance < $1.distance }) else { return nil }
        return best.distance <= max(1, wanted.count / 3) ? best.name : nil
    }

    /// The optimal string alignment distance: Levenshtein's, with two swapped neighbours as one edit.
    private static func distance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
        var rows = [[Int]](repeating: [Int](repeating: 0, count: b.count + 1), count: a.count + 1)
        rows[0] = Array(0...b.count)
        for i in a.indices {
            rows[i + 1][0] = i + 1
            for j in b.indices {
                var best = min(rows[i][j + 1] + 1, rows[i + 1][j] + 1, rows[i][j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, rows[i - 1][j - 1] + 1) }
                rows[i + 1][j + 1] = best
            }
        }
        return rows[a.count][b.count]
    }
}
