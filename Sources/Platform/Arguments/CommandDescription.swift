/// A command of a program as data: from this come parsing, help, completion scripts and man pages.
///
/// The program itself is the top command. Options of a command are also accepted by all commands below it.
package struct CommandDescription: Sendable {
    /// An example with what it does.
    package struct Example: Sendable {
        /// The command line, as typed.
        package let line: String
        /// What it does, without a full stop.
        package let says: String

        /// An example.
        package init(_ line: String, _ says: String) {
            self.line = line
            self.says = says
        }
    }

    /// What a number means when the program ends with it.
    package struct ExitStatus: Sendable {
        /// The number, 0 to 255.
        package let status: Int
        /// What it means, without a full stop.
        package let says: String

        /// An exit status.
        package init(_ status: Int, _ says: String) {
            self.status = status
            self.says = says
        }
    }

    /// The word that names it.
    package let name: String
    /// What it does, in one line without a full stop.
    package let summary: String
    /// More about it: paragraphs, separated by an empty line.
    package let discussion: String
    /// Its own options.
    package let options: [Option]
    /// Its positional arguments, in order.
    package let positionals: [Positional]
    /// Examples, the commonest first.
    package let examples: [Example]
    /// What its exit statuses mean, where 0 and 2 do not say it all.
    package let exitStatuses: [ExitStatus]
    /// The commands below it; a command with commands below is not run itself.
    package let subcommands: [CommandDescription]
    /// Whether help, completion and man page keep silent about it.
    package let isHidden: Bool

    /// A command.
    package init(
        _ name: String, _ summary: String, discussion: String = "", options: [Option] = [],
        positionals: [Positional] = [], examples: [Example] = [], exitStatuses: [ExitStatus] = [],
        subcommands: [CommandDescription] = [], isHidden: Bool = false
    ) {
        self.name = name
        self.summary = summary
        self.discussion = discussion
        self.options = options
        self.positionals = positionals
        self.examples = examples
        self.exitStatuses = exitStatuses
        self.subcommands = subcommands
        self.isHidden = isHidden
    }

    /// What is wrong with the description itself; empty when nothing is. For a test.
    package func problems(inherited: [Option] = []) -> [String] {
        var found: [String] = []
        let reach = inherited + options
        for (index, option) in reach.enumerated() {
            let others = reach[..<index]
            if others.contains(where: { $0.name == option.name }) {
                found.append("\(name): two options --\(option.name)")
            }
            if let short = option.short, others.contains(where: { $0.short == short }) {
                found.append("\(name): two options -\(short)")
            }
            if option.name == "help" || option.name == "version" && inherited.isEmpty && !subcommands.isEmpty {
                found.append("\(name): --\(option.name) is built in")
            }
            if let value = option.defaultValue, let objection = option.accepts.objection(to: value) {
                found.append("\(name): the default of --\(option.name) \(objection.message)")
            }
            if !option.help.hasSuffix(".") { found.append("\(name): the help of --\(option.name) is no sentence") }
        }
        for (index, positional) in positionals.enumerated() where index + 1 < positionals.count {
            if positional.repeats { found.append("\(name): \(positional.name) repeats and is not the last") }
            if !positional.isRequired, positionals[index + 1].isRequired {
                found.append("\(name): \(positionals[index + 1].name) is required after an optional argument")
            }
        }
        if !subcommands.isEmpty, !positionals.isEmpty {
            found.append("\(name): commands below and positional arguments")
        }
        let names = subcommands.map(\.name)
        if Set(names).count < names.count { found.append("\(name): two commands of one name") }
        return found + subcommands.flatMap { $0.problems(inherited: reach) }
    }
}
