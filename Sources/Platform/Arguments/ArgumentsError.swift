/// Why a command line is not understood. The program should print ``description`` and end with status 2.
package struct ArgumentsError: Error, Sendable, Equatable {
    /// What kind of mistake it is: a stable word.
    package struct Code: Sendable, Hashable {
        /// The word, in kebab case.
        package let rawValue: String

        /// A command that does not exist.
        package static let unknownCommand = Code(rawValue: "unknown-command")
        /// No command where one is needed.
        package static let missingCommand = Code(rawValue: "missing-command")
        /// An option that does not exist.
        package static let unknownOption = Code(rawValue: "unknown-option")
        /// An option without the value it needs.
        package static let missingValue = Code(rawValue: "missing-value")
        /// A value for a flag.
        package static let unexpectedValue = Code(rawValue: "unexpected-value")
        /// A value that is not accepted.
        package static let badValue = Code(rawValue: "bad-value")
        /// An option given more than once that may not be.
        package static let repeated = Code(rawValue: "repeated-option")
        /// A required option or argument that is not given.
        package static let missing = Code(rawValue: "missing-argument")
        /// More arguments than the command takes.
        package static let unexpected = Code(rawValue: "unexpected-argument")
        /// Options that do not go together.
        package static let conflict = Code(rawValue: "conflicting-options")
    }

    /// What kind of mistake it is.
    package let code: Code
    /// What is wrong: a sentence without a full stop.
    package let message: String
    /// The word that was probably meant.
    package let suggestion: String?
    /// The command whose help explains more: `factoryctl submit`.
    package let command: String

    /// A mistake on the command line of `command`.
    package init(_ code: Code, _ message: String, suggestion: String? = nil, command: String) {
        self.code = code
        self.message = message
        self.suggestion = suggestion
        self.command = command
    }
}

extension ArgumentsError: CustomStringConvertible {
    /// The sentence, what was probably meant, and where to read more.
    package var description: String {
        let meant = suggestion.map { "; did you mean '\($0)'?" } ?? ""
        return "\(message)\(meant)\nSee '\(command) --help'."
    }
}
