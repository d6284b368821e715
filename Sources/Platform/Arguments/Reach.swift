/// One command of the tree with the way to it, as completion scripts and man pages need it.
struct Reach {
    /// From the top down to the command.
    let chain: [CommandDescription]

    var command: CommandDescription { chain[chain.count - 1] }
    /// `artifacts get` as `/artifacts/get`; empty for the top.
    var path: String { chain.dropFirst().map { "/" + $0.name }.joined() }
    /// `factoryctl-artifacts-get`.
    var dashed: String { chain.map(\.name).joined(separator: "-") }
    /// The options that it accepts and shows, its own first.
    var options: [Option] { chain.reversed().flatMap(\.options).filter { !$0.isHidden } }
    var subcommands: [CommandDescription] { command.subcommands.filter { !$0.isHidden } }

    /// Whether one of its values is completed by running the program.
    var completesByRunning: Bool {
        let completions = options.map(\.completion) + command.positionals.map(\.completion)
        return completions.contains { if case .lines = $0 { true } else { false } }
    }

    /// The top and every command below it that is not hidden, in order.
    static func all(below chain: [CommandDescription]) -> [Reach] {
        guard let command = chain.last else { return [] }
        let below = command.subcommands.filter { !$0.isHidden }.flatMap { all(below: chain + [$0]) }
        return [Reach(chain: chain)] + below
    }
}

extension Option {
    /// The words to offer for its value.
    var choices: [String] {
        offered(accepts, completion)
    }
}

extension Positional {
    /// The words to offer for it.
    var choices: [String] { offered(accepts, completion) }
}

private func offered(_ rule: ValueRule, _ completion: Completion) -> [String] {
    if case .choice(let words) = rule { return words }
    if case .words(let words) = completion { return words }
    return []
}

extension CommandDescription {
    /// The names of the options of the program itself that have a value: they hold for every command below it.
    var givenNames: [String] { options.filter { $0.valueName != nil && !$0.isHidden }.map { "--" + $0.name } }

    /// Whether a value of any command below is completed by running the program.
    var completesByRunning: Bool {
        let completions = options.map(\.completion) + positionals.map(\.completion)
        return completions.contains { if case .lines = $0 { true } else { false } }
            || subcommands.contains(where: \.completesByRunning)
    }
}
