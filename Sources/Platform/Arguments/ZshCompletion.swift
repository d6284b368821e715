/// The completion script for zsh: one function a command, on `_arguments`.
enum ZshCompletion {
    static func script(_ top: CommandDescription) -> String {
        let functions = Reach.all(below: [top]).map { function($0, program: top.name) }
        let helper = top.completesByRunning ? [given(top)] : []
        // The words of the whole line: _arguments leaves a command below the top only its own.
        let call = "local -a line_words=(\"${words[@]}\")\n\(name(Reach(chain: [top]))) \"$@\""
        return (["#compdef \(top.name)"] + helper + functions + [call, ""]).joined(separator: "\n\n")
    }

    private static func name(_ reach: Reach) -> String { "_" + reach.dashed.replacing("-", with: "_") }

    private static func givenName(_ program: String) -> String { "_\(program.replacing("-", with: "_"))_given" }

    /// A function that puts the options of the program itself that stand in the line, with their values, into `given`.
    private static func given(_ top: CommandDescription) -> String {
        let names = top.givenNames
        guard !names.isEmpty else { return "\(givenName(top.name))() { given=() }" }
        return [
            "\(givenName(top.name))() {", "    local i", "    given=()", "    for ((i = 2; i < $#line_words; i++)); do",
            "        case $line_words[i] in",
            "            \(names.joined(separator: "|"))) given+=($line_words[i] \"${(Q)line_words[i+1]/#\\~\\//$HOME/}\") ;;",
            "            \(names.map { "\($0)=*" }.joined(separator: "|"))) given+=(\"${(Q)line_words[i]}\") ;;",
            "        esac", "    done", "}",
        ].joined(separator: "\n")
    }

    private static func function(_ reach: Reach, program: String) -> String {
        var specs =
            reach.options.flatMap { spec($0, program: program) } + ["'(-h --help)'{-h,--help}'[Print this help.]'"]
        if reach.path.isEmpty { specs.append("'--version[Print the version.]'") }
        var rest: [String] = []
        if reach.subcommands.isEmpty {
            for positional in reach.command.positionals {
                let place = positional.repeats ? "*" : ""
                let action = action(positional.choices, positional.completion, program: program)
                specs.append(quoted("\(place):\(escaped(positional.name)):\(action)"))
            }
        } else {
            specs += ["'(-)1: :->command'", "'(-)*:: :->rest'"]
            let entries = reach.subcommands.map { quoted("\($0.name):\(escaped($0.summary))") }
            let calls = reach.subcommands.map { "\($0.name)) \(name(Reach(chain: reach.chain + [$0]))) ;;" }
            rest = [
                "    case $state in",
                "        command) local -a commands=(\(entries.joined(separator: " "))); _describe command commands ;;",
                "        rest) case $line[1] in \(calls.joined(separator: " ")) esac ;;",
                "    esac",
            ]
        }
        var head = ["\(name(reach))() {", "    local state line curcontext=\"$curcontext\""]
        if reach.completesByRunning { head += ["    local -a given", "    \(givenName(program))"] }
        let call = "    _arguments -C -s -S " + specs.joined(separator: " \\\n        ")
        return (head + [call] + rest + ["}"]).joined(separator: "\n")
    }

    private static func spec(_ option: Option, program: String) -> [String] {
        let star = option.repeats ? "*" : ""
        let text = "[\(escaped(option.help))]"
        let value = option.valueName.map {
            ":\(escaped($0)):" + action(option.choices, option.completion, program: program)
        }
        let long = quoted("\(star)--\(option.name)\(value == nil ? "" : "=")\(text)\(value ?? "")")
        guard let short = option.short else { return [long] }
        return [long, quoted("\(star)-\(short)\(value == nil ? "" : "+")\(text)\(value ?? "")")]
    }

    private static func action(_ choices: [String], _ completion: Completion, program: String) -> String {
        if !choices.isEmpty { return "(\(choices.map(escaped).joined(separator: " ")))" }
        return switch completion {
        case .nothing, .words: " "
        case .files: "_files"
        case .directories: "_files -/"
        case .lines(let words): "(${(f)\"$(\(program) $given \(words.joined(separator: " ")) 2>/dev/null)\"})"
        }
    }

    /// `_arguments` gives colons and brackets a meaning.
    private static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing(":", with: "\\:").replacing("[", with: "\\[")
            .replacing("]", with: "\\]")
    }

    private static func quoted(_ text: String) -> String { "'" + text.replacing("'", with: "'\\''") + "'" }
}
