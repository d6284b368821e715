/// Rows in columns for people. For programs there is JSON.
package struct Table: Sendable {
    /// A column.
    package struct Column: Sendable {
        /// On which side the text of a column stands.
        package enum Side: Sendable {
            case left
            case right
        }

        /// The heading.
        package let title: String
        /// Where its text stands.
        package let side: Side
        /// Whether its text may be cut where the screen is too narrow; the widest such column is cut first.
        package let mayShrink: Bool

        /// A column; on the left and never cut unless said otherwise.
        package init(_ title: String, side: Side = .left, mayShrink: Bool = false) {
            self.title = title
            self.side = side
            self.mayShrink = mayShrink
        }
    }

    /// The columns.
    package let columns: [Column]
    /// The rows; each has one cell a column.
    package private(set) var rows: [[Painted]] = []

    /// The narrowest that a column is cut to.
    private static let narrowest = 8
    private static let gap = "  "

    /// A table without rows.
    package init(_ columns: [Column]) { self.columns = columns }

    /// Adds a row; it must have one cell a column.
    package mutating func add(_ cells: [Painted]) {
        precondition(cells.count == columns.count, "a row needs one cell for each of the \(columns.count) columns")
        rows.append(cells)
    }

    /// The lines, the headings first; no line is wider than `width` where columns may be cut.
    package func lines(width: Int?) -> [Painted] {
        let widths = fitted(to: width)
        let heading = columns.map { Painted($0.title, .bold) }
        return ([heading] + rows).map { cells in
            var line = Painted("")
            for (index, cell) in cells.enumerated() {
                let cut = cell.cut(to: widths[index])
                let blanks = Painted(String(repeating: " ", count: widths[index] - cut.columns))
                if index > 0 { line += Painted(Self.gap) }
                switch columns[index].side {
                case .right: line += blanks + cut
                // Nothing stands behind the last column, so nothing fills it.
                case .left: line += index == cells.count - 1 ? cut : cut + blanks
                }
            }
            return line
        }
    }

    private func fitted(to width: Int?) -> [Int] {
        var widths = columns.indices.map { index in
            rows.reduce(columns[index].title.columns) { max($0, $1[index].columns) }
        }
        guard let width else { return widths }
        let gaps = Self.gap.count * (columns.count - 1)
        while widths.reduce(gaps, +) > width {
            let shrinkable = columns.indices.filter { columns[$0].mayShrink && widths[$0] > Self.narrowest }
            guard let widest = shrinkable.max(by: { widths[$0] < widths[$1] }) else { break }
            widths[widest] -= 1
        }
        return widths
    }
}
