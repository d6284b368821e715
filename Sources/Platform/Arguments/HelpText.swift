/// The text of `--help`, 80 columns wide.
enum HelpText {
    static let width = 80

    /// The help of the last command of `chain`, which starts at the top.
    static func render(_ chain: [CommandDescription]) -> String {
        guard let command = chain.last else { return "" }
        let name = chain.map(\.name).joined(separator: " ")
        var sections = ["\(name): \(command.summary)", "Usage: " + usage(chain)]
        if !command.discussion.isEmpty { sections.append(wrapped(command.discussion)) }
        if !command.subcommands.isEmpty {
            let rows = command.subcommands.filter { !$0.isHidden }.map { ($0.name, $0.summary) }
            sections.append("Commands:\n" + table(rows))
        }
        if !command.positionals.isEmpty {
            sections.append("Arguments:\n" + table(command.positionals.map { ($0.spelling, full($0)) }))
        }
        let own = rows(command.options)
        if chain.count == 1 {
            sections.append("Options:\n" + table(own + builtIn(chain)))
        } else {
            if !own.isEmpty { sections.append("Options:\n" + table(own)) }
            sections.append("General options:\n" + table(rows(chain.dropLast().flatMap(\.options)) + builtIn(chain)))
        }
        if !command.examples.isEmpty {
            let lines = command.examples.map { "  \($0.line)\n      \($0.says)" }
            sections.append("Examples:\n" + lines.joined(separator: "\n"))
        }
        if !command.exitStatuses.isEmpty {
            sections.append("Exit status:\n" + table(command.exitStatuses.map { (String($0.status), $0.says) }))
        }
        return sections.joined(separator: "\n\n")
    }

    /// `factoryctl artifacts get [options] BUILD [NAME…]`.
    static func usage(_ chain: [CommandDescription]) -> String {
        guard let command = chain.last else { return "" }
        let name = chain.map(\.name).joined(separator: " ")
        let rest = command.subcommands.isEmpty ? command.positionals.map(\.spelling) : ["COMMAND"]
        let required = command.options.filter { $0.isRequired && !$0.isHidden }
            .map { "--\($0.name) \($0.valueName ?? "")" }
        return ([name] + required + ["[options]"] + rest).joined(separator: " ")
    }

    private static func rows(_ options: [Option]) -> [(String, String)] {
        options.filter { !$0.isHidden }.map { ($0.spelling, full($0)) }
    }

    private static func builtIn(_ chain: [CommandDescription]) -> [(String, String)] {
        let names = Set(chain.flatMap(\.options).map(\.name))
        let help = ("-h, --help", "Print this help.")
        return names.contains("version") ? [help] : [help, ("    --version", "Print the version.")]
    }

    /// The help of an option with what its description says about values.
    static func full(_ option: Option) -> String {
        var notes = rule(option.accepts)
        if option.repeats { notes.append("may be given several times") }
        if let value = option.defaultValue { notes.append("default: \(value)") }
        if let variable = option.environment { notes.append("environment: \(variable)") }
        return option.help + (notes.isEmpty ? "" : " (\(notes.joined(separator: "; ")))")
    }

    static func full(_ positional: Positional) -> String {
        let notes = rule(positional.accepts)
        return positional.help + (notes.isEmpty ? "" : " (\(notes.joined(separator: "; ")))")
    }

    private static func rule(_ rule: ValueRule) -> [String] {
        switch rule {
        case .anything, .something: []
        case .choice(let words): ["one of " + words.joined(separator: ", ")]
        case .integer(let range) where range.upperBound == .max: ["\(range.lowerBound) or more"]
        case .integer(let range): ["\(range.lowerBound) to \(range.upperBound)"]
        }
    }

    /// Two columns; the left one is as wide as its widest entry, within bounds.
    private static func table(_ rows: [(String, String)]) -> String {
        let left = min(26, rows.map(\.0.count).max() ?? 0)
        let indent = String(repeating: " ", count: left + 4)
        return rows.map { name, text in
            let lines = Wrapping.lines(text, width: width - indent.count)
            let body = lines.joined(separator: "\n" + indent)
            if name.count > left { return "  \(name)\n\(indent)\(body)" }
            return "  " + name + String(repeating: " ", count: left - name.count + 2) + body
        }.joined(separator: "\n")
    }

    private static func wrapped(_ text: String) -> String {
        Wrapping.paragraphs(text).map { Wrapping.lines($0, width: width).joined(separator: "\n") }
            .joined(separator: "\n\n")
    }
}
