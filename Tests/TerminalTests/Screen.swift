/// Enough of a terminal to see what bytes do to it: text, line feeds with scrolling, cursor up, erasing.
struct Screen {
    let width: Int
    let height: Int
    private(set) var rows: [[Character]] = [[]]
    /// The row of the cursor, counted from the first line ever written.
    private var row = 0
    private var column = 0
    private(set) var wrapped = false

    init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }

    var lines: [String] { rows.map { String($0) } }

    mutating func feed(_ bytes: String) {
        var rest = Substring(bytes)
        while let character = rest.popFirst() {
            switch character {
            case "\n":
                row += 1
                column = 0
                if row == rows.count { rows.append([]) }
            case "\r": column = 0
            case "\u{1B}":
                rest.removeFirst()
                let number = rest.prefix { $0.isNumber || $0 == ";" }
                rest = rest.dropFirst(number.count)
                switch rest.popFirst() {
                case "A": row = max(row - (Int(number) ?? 1), max(0, rows.count - height))
                case "K": rows[row].removeSubrange(min(column, rows[row].count)...)
                case "J":
                    rows[row].removeSubrange(min(column, rows[row].count)...)
                    rows.removeSubrange((row + 1)...)
                default: break
                }
            default:
                if column == width {
                    wrapped = true
                    row += 1
                    column = 0
                    if row == rows.count { rows.append([]) }
                }
                if column < rows[row].count { rows[row][column] = character } else { rows[row].append(character) }
                column += 1
            }
        }
    }
}
