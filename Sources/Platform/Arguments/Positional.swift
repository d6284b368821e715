/// An argument that is known by its place.
package struct Positional: Sendable {
    /// What stands for it in the help, such as `BUILD`.
    package let name: String
    /// What it is: a sentence, with a full stop.
    package let help: String
    /// Which values are accepted.
    package let accepts: ValueRule
    /// Whether the command cannot do without it.
    package let isRequired: Bool
    /// Whether it takes all the arguments that are left; only the last may.
    package let repeats: Bool
    /// What a shell offers for it.
    package let completion: Completion

    /// A positional argument; required and single unless said otherwise.
    package init(
        _ name: String, help: String, accepts: ValueRule = .something, isRequired: Bool = true, repeats: Bool = false,
        completion: Completion = .nothing
    ) {
        self.name = name
        self.help = help
        self.accepts = accepts
        self.isRequired = isRequired
        self.repeats = repeats
        self.completion = completion
    }

    /// `BUILD`, `[BUILD]`, `BUILD…`, `[BUILD…]`.
    var spelling: String {
        let text = name + (repeats ? "…" : "")
        return isRequired ? text : "[\(text)]"
    }
}
