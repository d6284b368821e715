import Arguments
import IO
import Processes
import Testing

/// What is generated, held against the programs that read it. Each is skipped where its program is not installed.
@Suite struct ShellTests {
    private static func has(_ program: String) -> Bool { ToolFinder().find(program) != nil }

    /// Runs a program of the search path and returns all that it says.
    private func run(_ program: String, _ arguments: [String]) async throws -> String {
        let path = try #require(ToolFinder().find(program))
        var said = ""
        let (status, bytes) = try await Command(path, arguments).output(until: .in(.seconds(30))) { said += "\($0)\n" }
        return String(decoding: bytes, as: UTF8.self) + said + (status.isSuccess ? "" : "\(status)")
    }

    @Test(
        .enabled(if: has("bash"), "bash is not installed"),
        arguments: [
            (["oven", "ba"], "bake"), (["oven", "loaf", ""], "list show"), (["oven", "bake", "--he"], "--heat --help"),
            (["oven", "bake", "--kind", "c"], "cake"), (["oven", "bake", "-k", ""], "bread cake pie"),
            (["oven", "bake", "--kind", "=", "p"], "pie"), (["oven", "bake", "--heat", ""], ""),
            (["oven", "-"], "--socket --verbose --help --version"),
        ])
    func bashOffersWhatFits(words: [String], offers: String) async throws {
        let script = """
            \(Sample.program.completionScript(for: .bash))
            COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _oven; echo "${COMPREPLY[*]}"
            """
        #expect(try await run("bash", ["-c", script, "bash"] + words) == offers + "\n")
    }

    /// What completes by running the program is asked of the farm that the line names.
    @Test(
        .enabled(if: has("bash"), "bash is not installed"),
        arguments: [
            (["loaf", "show", ""], "loaf,list,--quiet"),
            (["--socket", "/s", "loaf", "show", ""], "--socket,/s,loaf,list,--quiet"),
            (["loaf", "show", "--socket", "=", "/s", "lo"], ""),
            (["--socket", "=", "/s", "loaf", "show", ""], "--socket,/s,loaf,list,--quiet"),
            (["loaf", "show", "--socket", "~/s", ""], "--socket,/home/x/s,loaf,list,--quiet"),
        ])
    func bashRunsTheProgramWithTheOptionsOfTheLine(words: [String], offers: String) async throws {
        let script = """
            \(Sample.program.completionScript(for: .bash))
            HOME=/home/x; oven() { local IFS=,; echo "$*"; }
            COMP_WORDS=(oven "$@"); COMP_CWORD=$#; _oven; echo "${COMPREPLY[*]}"
            """
        #expect(try await run("bash", ["-c", script, "bash"] + words) == offers + "\n")
    }

    @Test(.enabled(if: has("zsh"), "zsh is not installed"))
    func zshTakesTheScript() async throws {
        #expect(try await run("zsh", ["-n", "-c", Sample.program.completionScript(for: .zsh)]).isEmpty)
    }

    /// zsh completes only where it edits lines, so one is given a terminal (zpty), keys, Tab, and one that shows the line.
    @Test(
        .enabled(if: has("zsh"), "zsh is not installed"),
        arguments: [
            ("oven ba", "oven bake"), ("oven bake --he", "oven bake --he"),
            ("oven bake --kind c", "oven bake --kind cake"),
            ("oven --socket /s loaf show rye", "oven --socket /s loaf show rye,--socket,/s,loaf,list,--quiet"),
            ("oven loaf show --socket=/s rye", "oven loaf show --socket=/s rye,--socket=/s,loaf,list,--quiet"),
        ])
    func zshCompletesAWord(typed: String, becomes: String) async throws {
        let directory = try Directory.temporary()
        try AtomicFile.write(Array(Sample.program.completionScript(for: .zsh).utf8), to: directory + "/_oven")
        let script = """
            zmodload zsh/zpty
            said() { all=; until [[ $all = *$1* ]]; do zpty -r z line && all+=$line || sleep 0.02; done }
            zpty -b z 'TERM=vt100 zsh -f -i'
            zpty -w z 'PS1=; fpath=(\(directory) $fpath); autoload -Uz compinit; compinit -u -D'
            zpty -w z 'oven() { local IFS=,; print -r -- "rye,$*" }'
            zpty -w z 'show() { print -r -- "<$BUFFER>"; exit }; zle -N show; bindkey "^X" show; print rea""dy'
            said ready
            zpty -w -n z $'\(typed)\\t\\x18'
            said '>'
            print -r -- ${${all%%>*}##*<}
            """
        let said = try await run("zsh", ["-f", "-c", script])
        #expect(said.contains(becomes), "\(said)")
        try Directory.remove(directory)
    }

    @Test(.enabled(if: has("fish"), "fish is not installed"))
    func fishOffersWhatFits() async throws {
        let script = Sample.program.completionScript(for: .fish) + "\ncomplete -C 'oven bake --kind '"
        let offers = try await run("fish", ["--no-config", "-c", script]).split(separator: "\n").map {
            $0.prefix { $0 != "\t" }
        }
        #expect(offers == ["bread", "cake", "pie"])
        let loaves = """
            function oven; echo (string join , -- $argv); end
            complete -C 'oven --socket /s loaf show '; complete -C 'oven loaf show --socket=/s '
            """
        let asked = try await run(
            "fish", ["--no-config", "-c", Sample.program.completionScript(for: .fish) + "\n" + loaves])
        #expect(asked == "--socket,/s,loaf,list,--quiet\n--socket=/s,loaf,list,--quiet\n")
    }

    @Test(.enabled(if: has("man") && has("groff"), "man-db is not installed"))
    func manHasNoWarnings() async throws {
        let directory = try Directory.temporary()
        for page in Sample.program.manualPages(section: 1, source: "oven 1", date: "2026-11-25") {
            let path = "\(directory)/\(page.fileName)"
            try AtomicFile.write(Array(page.text.utf8), to: path)
            let shown = try await run("man", ["--warnings", "-P", "cat", "-E", "UTF-8", "-l", path])
            #expect(!shown.contains("warning") && !shown.contains("error"), "\(shown)")
            #expect(shown.contains("NAME") && shown.contains("--socket PATH"))
        }
        try Directory.remove(directory)
    }
}
