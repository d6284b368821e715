import Spelling

extension CommandDescription {
    /// What a command line asks for.
    package enum Request: Sendable {
        /// Run a command.
        case run(Invocation)
        /// Print this text and end with status 0: help or the version.
        case show(String)
    }

    /// Reads a command line.
    ///
    /// Accepted are `--name value`, `--name=value`, `-n value`, `-nvalue`, flags together as `-abc`, options before and
    /// after arguments, and `--`, behind which everything is an argument. A single `-` is an argument.
    ///
    /// - Parameters:
    ///   - arguments: The words behind the program's name.
    ///   - version: The text for `--version`.
    ///   - environment: Asked for options that are not given and have a variable.
    ///   - configuration: Values of a configuration file by long name, asked last; unknown names are not looked at.
    /// - Returns: The command to run with its values, or a text to print.
    /// - Throws: ``ArgumentsError``, for the first mistake.
    package func parse(
        _ arguments: [String], version: String, environment: [String: String] = [:],
        configuration: [String: [String]] = [:]
    ) throws(ArgumentsError) -> Request {
        var parser = Parser(top: self, version: version)
        if let text = try parser.read(arguments) { return .show(text) }
        return .run(try parser.finish(environment: environment, configuration: configuration))
    }
}

func nearestChoice(_ word: String, _ words: [String]) -> String? { nearest(to: word, in: words) }

/// Goes through the words once; knows the command it is in and what was given so far.
private struct Parser {
    let top: CommandDescription
    let version: String
    /// From the top down to the command that the words name.
    var chain: [CommandDescription]
    var given: [String: [String]] = [:]
    var words: [String] = []

    init(top: CommandDescription, version: String) {
        self.top = top
        self.version = version
        chain = [top]
    }

    var command: CommandDescription { chain[chain.count - 1] }
    var name: String { chain.map(\.name).joined(separator: " ") }
    var reach: [Option] { chain.flatMap(\.options) }

    /// Takes the words; gives a text when help or the version is asked for.
    mutating func read(_ arguments: [String]) throws(ArgumentsError) -> String? {
        var rest = arguments[...]
        while let word = rest.popFirst() {
            if word == "--" {
                words += rest
                break
            } else if word.hasPrefix("--") {
                if let text = try long(word.dropFirst(2), &rest) { return text }
            } else if word.hasPrefix("-"), word != "-" {
                if let text = try short(word.dropFirst(), &rest) { return text }
            } else if !command.subcommands.isEmpty {
                if word == "help", chain.count == 1 { return try help(for: rest) }
                try descend(word)
            } else {
                words.append(word)
            }
        }
        return nil
    }

    private mutating func descend(_ word: String) throws(ArgumentsError) {
        guard let next = command.subcommands.first(where: { $0.name == word }) else {
            let known = command.subcommands.filter { !$0.isHidden }.map(\.name)
            throw ArgumentsError(
                .unknownCommand, "there is no command '\(word)'", suggestion: nearest(to: word, in: known),
                command: name)
        }
        chain.append(next)
    }

    /// `help submit` is `submit --help`.
    private mutating func help(for words: ArraySlice<String>) throws(ArgumentsError) -> String {
        for word in words { try descend(word) }
        return HelpText.render(chain)
    }

    private mutating func long(
        _ text: Substring, _ rest: inout ArraySlice<String>
    ) throws(ArgumentsError) -> String? {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let word = String(parts[0])
        guard let option = reach.first(where: { $0.name == word }) else {
            if word == "help", parts.count == 1 { return HelpText.render(chain) }
            if word == "version", parts.count == 1 { return "\(top.name) \(version)" }
            let known = reach.filter { !$0.isHidden }.map { "--" + $0.name } + ["--help", "--version"]
            throw ArgumentsError(
                .unknownOption, "there is no option '--\(word)'", suggestion: nearest(to: "--" + word, in: known),
                command: name)
        }
        if option.valueName == nil {
            guard parts.count == 1 else {
                throw ArgumentsError(.unexpectedValue, "the option '--\(word)' takes no value", command: name)
            }
            try take(option, "true")
        } else if parts.count == 2 {
            try take(option, String(parts[1]))
        } else {
            try take(option, try following(option, &rest))
        }
        return nil
    }

    private mutating func short(
        _ text: Substring, _ rest: inout ArraySlice<String>
    ) throws(ArgumentsError) -> String? {
        var letters = text
        while let letter = letters.popFirst() {
            guard let option = reach.first(where: { $0.short == letter }) else {
                if letter == "h" { return HelpText.render(chain) }
                let meant = reach.first { $0.name == String(text) }.map { "--" + $0.name }
                throw ArgumentsError(
                    .unknownOption, "there is no option '-\(letter)'" + (text.count > 1 ? " (in '-\(text)')" : ""),
                    suggestion: meant, command: name)
            }
            guard option.valueName == nil else {
                let value = letters.first == "=" ? letters.dropFirst() : letters
                try take(option, letters.isEmpty ? try following(option, &rest) : String(value))
                return nil
            }
            try take(option, "true")
        }
        return nil
    }

    /// The word after an option; another option there means that the value was forgotten.
    private func following(_ option: Option, _ rest: inout ArraySlice<String>) throws(ArgumentsError) -> String {
        guard let value = rest.first else {
            throw ArgumentsError(
                .missingValue, "the option '--\(option.name)' needs a value (\(option.valueName ?? "VALUE"))",
                command: name)
        }
        if value == "--" || reach.contains(where: { value == "--" + $0.name || value.hasPrefix("--\($0.name)=") }) {
            throw ArgumentsError(
                .missingValue,
                "the option '--\(option.name)' needs a value, but '\(value)' follows "
                    + "(write '--\(option.name)=\(value)' if that is the value)", command: name)
        }
        rest.removeFirst()
        return value
    }

    private mutating func take(_ option: Option, _ value: String) throws(ArgumentsError) {
        try check(value, option.accepts, "the value of '--\(option.name)'")
        if let before = given[option.name], !option.repeats {
            // The same flag twice says nothing else than once.
            guard option.valueName == nil else {
                throw ArgumentsError(
                    .repeated, "the option '--\(option.name)' is given twice ('\(before[0])' and '\(value)')",
                    command: name)
            }
            return
        }
        given[option.name, default: []].append(value)
    }

    private func check(_ value: String, _ rule: ValueRule, _ what: String) throws(ArgumentsError) {
        guard let objection = rule.objection(to: value) else { return }
        throw ArgumentsError(.badValue, "\(what) \(objection.message)", suggestion: objection.suggestion, command: name)
    }
}

extension Parser {
    /// The words are read: fill in environment, configuration and defaults, and see that nothing is missing.
    func finish(
        environment: [String: String], configuration: [String: [String]]
    ) throws(ArgumentsError) -> Invocation {
        if !command.subcommands.isEmpty {
            throw ArgumentsError(
                .missingCommand,
                "'\(name)' needs a command: "
                    + command.subcommands.filter { !$0.isHidden }.map(\.name).joined(separator: ", "), command: name)
        }
        var options: [String: (values: [String], origin: Invocation.Origin)] = [:]
        for option in reach {
            options[option.name] = try settle(option, environment: environment, configuration: configuration)
        }
        let positionals = try places()
        return Invocation(
            path: chain.dropFirst().map(\.name), name: name, options: options, positionals: positionals)
    }

    private func settle(
        _ option: Option, environment: [String: String], configuration: [String: [String]]
    ) throws(ArgumentsError) -> (values: [String], origin: Invocation.Origin) {
        if let values = given[option.name] { return (values, .commandLine) }
        if let variable = option.environment, let text = environment[variable], !text.isEmpty {
            let values = option.repeats ? text.split(separator: ",").map(String.init) : [text]
            return (try checked(values, option, "the environment variable \(variable)"), .environment(variable))
        }
        if let values = configuration[option.name] {
            return (try checked(values, option, "'\(option.name)' in the configuration file"), .configuration)
        }
        if let value = option.defaultValue { return ([value], .standard) }
        if option.isRequired {
            let variable = option.environment.map { " (or the environment variable \($0))" } ?? ""
            throw ArgumentsError(.missing, "the option '--\(option.name)' is needed\(variable)", command: name)
        }
        return ([], .standard)
    }

    private func checked(_ values: [String], _ option: Option, _ what: String) throws(ArgumentsError) -> [String] {
        if option.valueName == nil {
            switch values.last?.lowercased() {
            case "1", "true", "yes", "on": return ["true"]
            case "0", "false", "no", "off": return []
            default:
                throw ArgumentsError(
                    .badValue, "\(what) is '\(values.last ?? "")', but must be true or false", command: name)
            }
        }
        for value in values { try check(value, option.accepts, what) }
        return values
    }

    private func places() throws(ArgumentsError) -> [String: [String]] {
        var rest = words[...]
        var found: [String: [String]] = [:]
        for positional in command.positionals {
            let taken = rest.prefix(positional.repeats ? rest.count : 1)
            if taken.isEmpty, positional.isRequired {
                throw ArgumentsError(
                    .missing, "\(positional.name) is missing: \(lowered(positional.help))", command: name)
            }
            for value in taken { try check(value, positional.accepts, positional.name) }
            found[positional.name] = Array(taken)
            rest = rest.dropFirst(taken.count)
        }
        if let extra = rest.first {
            throw ArgumentsError(
                .unexpected, "'\(extra)' is one argument too many for '\(name)'", command: name)
        }
        return found
    }

    /// A help sentence as the end of another one.
    private func lowered(_ sentence: String) -> String {
        let text = sentence.hasSuffix(".") ? sentence.dropLast() : sentence[...]
        return text.prefix(1).lowercased() + text.dropFirst()
    }
}
