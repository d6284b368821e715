/// What a shell offers for a value when the user presses the tab key.
package enum Completion: Sendable, Equatable {
    /// Nothing; the words of a ``ValueRule/choice(_:)`` are offered anyway.
    case nothing
    /// Names of files.
    case files
    /// Names of directories.
    case directories
    /// The lines that a command of the same program prints: `["list", "--quiet"]`.
    case lines([String])
}
