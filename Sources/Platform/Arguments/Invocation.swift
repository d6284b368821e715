/// What a command line says: which command, and the value of each of its options and arguments.
///
/// A value is looked for on the command line, then in the environment, then in the configuration file, then in the
/// option's default. Asking for an option that the command does not have is a mistake in the program and stops it.
package struct Invocation: Sendable {
    /// Where a value comes from.
    package enum Origin: Sendable, Equatable {
        case commandLine
        case environment(String)
        case configuration
        case standard
    }

    /// The commands from the one below the top down: `["artifacts", "get"]`; empty for a program without commands.
    package let path: [String]
    /// The whole command as typed: `factoryctl artifacts get`.
    package let name: String
    let options: [String: (values: [String], origin: Origin)]
    let positionals: [String: [String]]

    /// Whether a flag is set.
    package func flag(_ option: Option) -> Bool { all(option) == ["true"] }

    /// The value of an option, nil when there is none at all.
    package func value(_ option: Option) -> String? { all(option).last }

    /// The values of an option that may be given several times.
    package func values(_ option: Option) -> [String] { all(option) }

    /// The value of an option that accepts a ``ValueRule/integer(_:)``.
    package func int(_ option: Option) -> Int? { value(option).flatMap { Int($0) } }

    /// Where the value of an option comes from, nil when there is none.
    package func origin(_ option: Option) -> Origin? { entry(option)?.origin }

    /// A positional argument, nil when it is not given.
    package func argument(_ positional: Positional) -> String? { arguments(positional).first }

    /// All values of a positional argument.
    package func arguments(_ positional: Positional) -> [String] { positionals[positional.name] ?? [] }

    /// An error about values that are right by themselves and wrong together.
    package func conflict(_ message: String) -> ArgumentsError {
        ArgumentsError(.conflict, message, command: name)
    }

    private func all(_ option: Option) -> [String] { entry(option)?.values ?? [] }

    private func entry(_ option: Option) -> (values: [String], origin: Origin)? {
        guard let entry = options[option.name] else {
            preconditionFailure("the command '\(name)' has no option --\(option.name)")
        }
        return entry.values.isEmpty ? nil : entry
    }
}
