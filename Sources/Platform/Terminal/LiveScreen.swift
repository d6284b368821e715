/// The lines at the bottom of a screen that are drawn again and again, with finished lines scrolling away above them.
///
/// A pure value: it is told what to show and gives the bytes to write. It never clears what it did not draw, draws no
/// line wider than the screen and no more lines than fit, and leaves the cursor at the start of the line below.
package struct LiveScreen: Sendable {
    /// The widths of the lines on the screen now.
    private var drawn: [Int] = []
    private let palette: Palette

    /// A screen with nothing drawn on it yet.
    package init(palette: Palette) { self.palette = palette }

    /// Whether lines of ours stand on the screen.
    package var isShowing: Bool { !drawn.isEmpty }

    /// The bytes that put `above` for good and `lines` for now, in place of the lines drawn before.
    ///
    /// Lines are cut to the width, and there is always one column left so that no terminal wraps; of too many lines
    /// the last are left out. Lines for good are not cut: a terminal wraps them, and copying gives them whole.
    package mutating func draw(_ lines: [Painted], above: [Painted] = [], size: TerminalTraits.Size) -> String {
        var bytes = rewind(width: size.width)
        for line in above { bytes += line.rendered(palette) + Self.clearRest + "\n" }
        let shown = lines.prefix(max(1, size.height - 1)).map { $0.cut(to: max(1, size.width - 1)) }
        for line in shown { bytes += line.rendered(palette) + Self.clearRest + "\n" }
        drawn = shown.map(\.columns)
        return bytes + Self.clearBelow
    }

    /// The bytes that take our lines from the screen.
    package mutating func clear(width: Int) -> String {
        guard isShowing else { return "" }
        let bytes = rewind(width: width) + Self.clearBelow
        drawn = []
        return bytes
    }

    /// Back to the first line of ours. A screen that became narrower has wrapped them to more rows.
    private func rewind(width: Int) -> String {
        let rows = drawn.reduce(0) { $0 + max(1, ($1 + width - 1) / width) }
        return rows == 0 ? "" : "\r\u{1B}[\(rows)A"
    }

    /// Erase in line, from the cursor (ECMA-48, EL).
    private static let clearRest = "\u{1B}[K"
    /// Erase in page, from the cursor (ECMA-48, ED).
    private static let clearBelow = "\u{1B}[J"
}
