/// A place in a text, counted as an editor counts: the first character of a file is line 1, column 1.
///
/// Columns count characters (Unicode scalars), not bytes.
package struct Mark: Sendable, Hashable {
    /// The line, from 1.
    package let line: Int
    /// The column, from 1.
    package let column: Int

    /// A place by line and column, both from 1.
    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    /// The first character of a text.
    static let start = Mark(line: 1, column: 1)
}

extension Mark: CustomStringConvertible {
    /// `line:column`, as compilers write it.
    package var description: String { "\(line):\(column)" }
}
