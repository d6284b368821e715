/// A line whose parts have styles; its width is that of its text, so it can be cut before it is painted.
///
/// Whatever the text comes from, it is ``Neutralized``: no guest, worker or tool reaches the terminal with more than
/// letters. Only ``rendered(_:)`` adds escape sequences.
package struct Painted: Sendable, Equatable, ExpressibleByStringInterpolation {
    /// A piece of text in one style.
    package struct Part: Sendable, Equatable {
        let text: String
        let style: Style?
    }

    private(set) var parts: [Part]

    /// Text in a style, or in none.
    package init(_ text: String, _ style: Style? = nil) {
        parts = [Part(text: Neutralized.text(text), style: style)]
    }

    /// JSON for programs: the same value, with what ``Neutralized`` takes out as `\uXXXX`.
    package init(json: String) { parts = [Part(text: Neutralized.json(json), style: nil)] }

    /// Text in no style.
    package init(stringLiteral value: String) { self.init(value) }

    /// The columns of the text.
    package var columns: Int { parts.reduce(0) { $0 + $1.text.columns } }

    /// The letters alone.
    package var text: String { parts.map(\.text).joined() }

    /// Both, one behind the other.
    package static func + (left: Painted, right: Painted) -> Painted {
        var sum = left
        sum.parts += right.parts
        return sum
    }

    /// The other one behind this one.
    package static func += (left: inout Painted, right: Painted) { left.parts += right.parts }

    /// The line cut to `width` columns, with an ellipsis where something is missing.
    package func cut(to width: Int, ellipsis: String = "…") -> Painted {
        guard columns > width else { return self }
        var left = width
        var result = Painted("")
        for part in parts where left > 0 {
            // The part in which the line ends must leave room for the ellipsis, also when it would fit exactly.
            let isLast = part.text.columns >= left
            let text = isLast ? (part.text + " ").cut(to: left, ellipsis: ellipsis) : part.text
            result.parts.append(Part(text: text, style: part.style))
            left -= text.columns
            if isLast { break }
        }
        return result
    }

    /// The line filled with blanks to `width` columns.
    package func padded(to width: Int) -> Painted {
        let missing = width - columns
        return missing > 0 ? self + Painted(String(repeating: " ", count: missing)) : self
    }

    /// The line as it is written, with the escape sequences of its styles when the palette has colours.
    package func rendered(_ palette: Palette) -> String {
        parts.map { part in part.style.map { palette.paint(part.text, $0) } ?? part.text }.joined()
    }
}
