import Glibc

/// What the place where output goes can do: whether somebody looks at it, how wide it is, whether it takes colour.
package struct TerminalTraits: Sendable, Equatable {
    /// Columns and rows of a screen.
    package struct Size: Sendable, Equatable {
        /// Columns.
        package let width: Int
        /// Rows.
        package let height: Int

        /// A size; both at least 1.
        package init(width: Int, height: Int) {
            self.width = max(1, width)
            self.height = max(1, height)
        }
    }

    /// Whether it is a screen on which lines can be drawn again. False for pipes, files and `TERM=dumb`.
    package let isInteractive: Bool
    /// Whether colours and bold letters may be written.
    package let hasColor: Bool
    /// Whether characters beyond ASCII are shown, by the locale.
    package let hasUnicode: Bool
    /// The size of the screen; nil when it is none, and then lines have no limit.
    package let size: Size?

    /// A place described by hand.
    package init(isInteractive: Bool, hasColor: Bool, hasUnicode: Bool, size: Size?) {
        self.isInteractive = isInteractive
        self.hasColor = hasColor
        self.hasUnicode = hasUnicode
        self.size = size
    }

    /// Looks at a descriptor and at the environment.
    ///
    /// `NO_COLOR` (no-color.org) turns colour off, whatever else is set; `CLICOLOR_FORCE` turns it on where it would be
    /// off; `TERM=dumb` and no `TERM` at all mean neither colour nor drawing. `COLUMNS` counts only where the terminal
    /// does not tell its size.
    package init(descriptor: Int32, environment: [String: String]) {
        let isTerminal = isatty(descriptor) == 1
        let term = environment["TERM"] ?? ""
        isInteractive = isTerminal && !term.isEmpty && term != "dumb"
        let forced = environment["CLICOLOR_FORCE"].map { !$0.isEmpty && $0 != "0" } ?? false
        let refused = environment["NO_COLOR"].map { !$0.isEmpty } ?? false
        hasColor = !refused && (isInteractive || forced)
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
        // Without any locale (a container, a CI machine) what reads the output takes UTF-8 nearly always.
        let codeset = locale.uppercased()
        hasUnicode = locale.isEmpty ? !isTerminal : codeset.contains("UTF-8") || codeset.contains("UTF8")
        size = isTerminal ? Self.size(of: descriptor, environment: environment) : nil
    }

    /// The size of a terminal; 80 × 24 when neither it nor `COLUMNS` tells.
    package static func size(of descriptor: Int32, environment: [String: String]) -> Size {
        var window = winsize()
        let told = ioctl(descriptor, UInt(TIOCGWINSZ), &window) == 0
        let width = told && window.ws_col > 0 ? Int(window.ws_col) : environment["COLUMNS"].flatMap { Int($0) }
        return Size(width: width ?? 80, height: told && window.ws_row > 0 ? Int(window.ws_row) : 24)
    }
}
