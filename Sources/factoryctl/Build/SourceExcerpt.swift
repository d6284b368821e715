import FactorySpec
import Terminal

/// One line of a file around a place, no wider than there is room for, harmless and without passwords. Pure.
struct SourceExcerpt: Equatable {
    /// What is shown of the line.
    let text: String
    /// How many columns stand before the place.
    let mark: Int

    /// - Parameters:
    ///   - line: The line as it stands in the file.
    ///   - column: The place, in characters from 1.
    ///   - width: The columns that there are.
    init(_ line: String, column: Int, width: Int) {
        let masked = Passwords.masked(line, column: column)
        let scalars = masked.text.unicodeScalars
        let split = scalars.index(scalars.startIndex, offsetBy: max(0, masked.column - 1), limitedBy: scalars.endIndex)
        // A tab takes the columns that it takes in the whole line.
        let shown = Neutralized.text(masked.text)
        let before = Neutralized.text(String(scalars[..<(split ?? scalars.endIndex)])).columns
        guard shown.columns > width, width > 3 else {
            text = shown
            mark = before
            return
        }
        // Of the room two thirds are for what comes before the place, where the reader's eye begins.
        let kept = min(before, width * 2 / 3)
        guard kept < before else {
            text = shown.cut(to: width)
            mark = before
            return
        }
        var skipped = 0
        let rest = shown.drop { character in
            guard skipped < before - kept + 1 else { return false }
            skipped += String(character).columns
            return true
        }
        text = ("…" + rest).cut(to: width)
        mark = before - skipped + 1
    }
}
