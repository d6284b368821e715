/// An option of a command: `--wait`, `--base REFERENCE`, `-f FILE`.
///
/// A description, not a value: what was given is asked from an ``Invocation`` with the option as the key.
package struct Option: Sendable {
    /// The long name without its dashes; unique among a command's own options and those of the commands above it.
    package let name: String
    /// The one letter after a single dash.
    package let short: Character?
    /// What stands for the value in the help, such as `FILE`; nil for a flag, which takes none.
    package let valueName: String?
    /// What it does: a sentence or two, with a full stop.
    package let help: String
    /// Which values are accepted.
    package let accepts: ValueRule
    /// Whether it may be given several times.
    package let repeats: Bool
    /// Whether the command cannot do without it.
    package let isRequired: Bool
    /// The value when nothing is given anywhere.
    package let defaultValue: String?
    /// The environment variable that is asked when the option is not given.
    package let environment: String?
    /// What a shell offers for the value.
    package let completion: Completion
    /// Whether help, completion and man page keep silent about it.
    package let isHidden: Bool

    /// A switch without a value.
    package static func flag(
        _ name: String, short: Character? = nil, help: String, environment: String? = nil, isHidden: Bool = false
    ) -> Option {
        Option(
            name: name, short: short, valueName: nil, help: help, accepts: .anything, repeats: false,
            isRequired: false, defaultValue: nil, environment: environment, completion: .nothing, isHidden: isHidden)
    }

    /// An option with a value.
    package static func value(
        _ name: String, short: Character? = nil, _ valueName: String, help: String, accepts: ValueRule = .anything,
        repeats: Bool = false, isRequired: Bool = false, default defaultValue: String? = nil,
        environment: String? = nil, completion: Completion = .nothing, isHidden: Bool = false
    ) -> Option {
        Option(
            name: name, short: short, valueName: valueName, help: help, accepts: accepts, repeats: repeats,
            isRequired: isRequired, defaultValue: defaultValue, environment: environment, completion: completion,
            isHidden: isHidden)
    }

    /// `-f FILE, --file FILE` written short: `-f, --file FILE`.
    var spelling: String {
        let dashes = short.map { "-\($0), --\(name)" } ?? "    --\(name)"
        return dashes + (valueName.map { " " + $0 } ?? "")
    }
}
