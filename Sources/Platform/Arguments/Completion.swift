/// What a shell offers for a value when the user presses the tab key.
package enum Completion: Sendable, Equatable {
    /// Nothing; the words of a ``ValueRule/choice(_:)`` are offered anyway.
    case nothing
    /// Names of files.
    case files
    /// Names of directories.
    case directories
    /// These words, though others are accepted too, or refused by who knows more.
    case words([String])
    /// The lines that a command of the same program prints: `["list", "--quiet"]`. It is run with the options of the top
    /// command that stand in the line that is completed, for they may say of what program's data the lines are.
    case lines([String])
}
