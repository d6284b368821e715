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
        if case .choice(let words) = accepts { words } else { [] }
    }
}
