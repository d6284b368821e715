/// The completion script for bash: one function that finds the command among the words and offers what fits.
enum BashCompletion {
    static func script(_ top: CommandDescription) -> String {
        let reaches = Reach.all(below: [top])
        let function = "_" + top.name.replacing("-", with: "_")
        var lines = [
            "# bash completion for \(top.name); put it into /usr/share/bash-completion/completions/\(top.name)",
            "\(function)() {",
            "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} path= i",
            "    COMPREPLY=()",
            "    # bash makes '=' a word of its own.",
            "    if [[ $cur == = ]]; then cur=; elif [[ $prev == = ]]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi",
            "    for ((i = 1; i < COMP_CWORD; i++)); do",
            "        case $path/${COMP_WORDS[i]} in",
        ]
        let given = top.completesByRunning && !top.givenNames.isEmpty
        let paths = reaches.map(\.path).filter { !$0.isEmpty }
        if !paths.isEmpty {
            lines.append("            \(paths.joined(separator: "|"))) path=$path/${COMP_WORDS[i]} ;;")
        }
        lines += ["        esac", "    done"]
        if given { lines += self.given(top.givenNames) }
        lines.append("    case $path:$prev in")
        for reach in reaches {
            for option in reach.options where option.valueName != nil {
                let names = ["--" + option.name] + (option.short.map { ["-\($0)"] } ?? [])
                let patterns = names.map { "\(reach.path):\($0)" }.joined(separator: "|")
                let offer = offer(option.choices, option.completion, top.name) ?? ":"
                lines.append("        \(patterns)) \(offer); return ;;")
            }
        }
        lines += ["    esac", "    case $path in"]
        for reach in reaches {
            let options =
                reach.options.flatMap { ["--" + $0.name] } + ["--help"] + (reach.path.isEmpty ? ["--version"] : [])
            let positional = reach.command.positionals.first
            let words =
                reach.subcommands.isEmpty
                ? positional.flatMap { offer($0.choices, $0.completion, top.name) } ?? ":"
                : "COMPREPLY=($(compgen -W '\(reach.subcommands.map(\.name).joined(separator: " "))' -- \"$cur\"))"
            lines += [
                "        '\(reach.path)')",
                "            if [[ $cur == -* ]]; then",
                "                COMPREPLY=($(compgen -W '\(options.joined(separator: " "))' -- \"$cur\"))",
                "            else",
                "                \(words)",
                "            fi ;;",
            ]
        }
        lines += ["    esac", "}", "complete -F \(function) \(top.name)", ""]
        return lines.joined(separator: "\n")
    }

    /// Gathers the named options with their values into `given`; bash makes `=` a word of its own.
    private static func given(_ names: [String]) -> [String] {
        [
            "    local given=() at", "    for ((i = 1; i < COMP_CWORD - 1; i++)); do",
            "        case ${COMP_WORDS[i]} in",
            "            \(names.joined(separator: "|")))",
            "                at=$((i + 1)); [[ ${COMP_WORDS[at]} != = ]] || at=$((i + 2))",
            "                ((at == COMP_CWORD)) || given+=(\"${COMP_WORDS[i]}\" \"${COMP_WORDS[at]/#\\~\\//$HOME/}\") ;;",
            "        esac", "    done",
        ]
    }

    private static func offer(_ choices: [String], _ completion: Completion, _ program: String) -> String? {
        if !choices.isEmpty { return "COMPREPLY=($(compgen -W '\(choices.joined(separator: " "))' -- \"$cur\"))" }
        return switch completion {
        case .nothing, .words: nil
        case .files: "compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")"
        case .directories: "compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- \"$cur\")"
        case .lines(let words):
            "COMPREPLY=($(compgen -W \"$(\(program) \"${given[@]}\" \(words.joined(separator: " ")) 2>/dev/null)\" -- \"$cur\"))"
        }
    }
}
