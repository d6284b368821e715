/// The completion script for fish: one line an option or command.
enum FishCompletion {
    static func script(_ top: CommandDescription) -> String {
        var lines = [
            "# fish completion for \(top.name); put it into /usr/share/fish/vendor_completions.d/\(top.name).fish"
        ]
        if top.completesByRunning { lines += given(top) }
        lines.append("complete -c \(top.name) -f")
        lines.append("complete -c \(top.name) -s h -l help -d 'Print this help.'")
        for option in top.options where !option.isHidden {
            lines.append(line(option, condition: nil, program: top.name))
        }
        for reach in Reach.all(below: [top]) {
            let condition = condition(reach)
            for command in reach.subcommands {
                lines.append(
                    "complete -c \(top.name) -n \(quoted(condition)) -a \(command.name) -d \(quoted(command.summary))")
            }
            if !reach.path.isEmpty {
                for option in reach.command.options where !option.isHidden {
                    lines.append(line(option, condition: condition, program: top.name))
                }
            }
            for positional in reach.command.positionals {
                guard let offer = offer(positional.choices, positional.completion, program: top.name) else { continue }
                lines.append("complete -c \(top.name) -n \(quoted(condition)) \(offer)")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func givenName(_ program: String) -> String { "__\(program.replacing("-", with: "_"))_given" }

    /// A function that prints the options of the program itself that stand in the line, with their values.
    private static func given(_ top: CommandDescription) -> [String] {
        let names = top.givenNames
        guard !names.isEmpty else { return ["function \(givenName(top.name)); end"] }
        return [
            "function \(givenName(top.name))",
            "    set -l words (commandline -opc)",
            "    for i in (seq 2 (count $words))",
            "        switch $words[$i]",
            "            case \(names.joined(separator: " "))",
            "                test $i -lt (count $words); and printf '%s\\n' $words[$i] $words[(math $i + 1)]",
            "            case \(names.map { "'\($0)=*'" }.joined(separator: " "))",
            "                printf '%s\\n' $words[$i]",
            "        end", "    end", "end",
        ]
    }

    /// True where the words name this command and none below it.
    private static func condition(_ reach: Reach) -> String {
        let seen = reach.chain.dropFirst().map { "__fish_seen_subcommand_from \($0.name)" }
        let below = reach.subcommands.map(\.name).joined(separator: " ")
        let not = below.isEmpty ? [] : ["not __fish_seen_subcommand_from \(below)"]
        return (seen + not).joined(separator: "; and ")
    }

    private static func line(_ option: Option, condition: String?, program: String) -> String {
        var words = ["complete -c \(program)"]
        if let condition { words.append("-n \(quoted(condition))") }
        if let short = option.short { words.append("-s \(short)") }
        words.append("-l \(option.name)")
        // Exclusive: without it fish offers files beside the words.
        if option.valueName != nil { words.append([.files, .directories].contains(option.completion) ? "-r" : "-x") }
        if let offer = offer(option.choices, option.completion, program: program) { words.append(offer) }
        return (words + ["-d \(quoted(option.help))"]).joined(separator: " ")
    }

    private static func offer(_ choices: [String], _ completion: Completion, program: String) -> String? {
        if !choices.isEmpty { return "-a \(quoted(choices.joined(separator: " ")))" }
        return switch completion {
        case .nothing, .words: nil
        case .files: "-F"
        case .directories: "-a '(__fish_complete_directories)'"
        case .lines(let words):
            "-a \(quoted("(\(program) (\(givenName(program))) \(words.joined(separator: " ")) 2>/dev/null)"))"
        }
    }

    private static func quoted(_ text: String) -> String {
        "'" + text.replacing("\\", with: "\\\\").replacing("'", with: "\\'") + "'"
    }
}
