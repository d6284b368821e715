/// A shell for which a completion script can be written.
package enum Shell: String, Sendable, CaseIterable {
    case bash
    case zsh
    case fish
}

extension CommandDescription {
    /// The completion script of the program for a shell.
    package func completionScript(for shell: Shell) -> String {
        switch shell {
        case .bash: BashCompletion.script(self)
        case .zsh: ZshCompletion.script(self)
        case .fish: FishCompletion.script(self)
        }
    }

    /// The help of the program, as `--help` prints it.
    package var helpText: String { HelpText.render([self]) }

    /// A man page for the program and for every command below it that is not hidden.
    ///
    /// - Parameters:
    ///   - section: The section of the manual: 1 for commands, 8 for daemons.
    ///   - source: What the pages belong to, such as `factory 0.1.0`.
    ///   - date: The date printed at their foot, as `2026-11-25`.
    /// - Returns: The pages, the program's own first.
    package func manualPages(section: Int, source: String, date: String) -> [ManualPage] {
        Reach.all(below: [self]).map { ManualPage($0, section: section, source: source, date: date) }
    }
}
