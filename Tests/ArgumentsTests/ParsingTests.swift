import Arguments
import Testing

@Suite struct ParsingTests {
    @Test(arguments: [
        ["bake", "--name", "rye", "--heat", "200", "-v", "-k", "bread", "-k", "pie", "r.yaml"],
        ["-v", "bake", "--name=rye", "--heat=200", "--kind=bread", "--kind", "pie", "r.yaml"],
        ["bake", "r.yaml", "-vnrye", "--heat=200", "-kbread", "-k=pie"],
        ["--verbose", "bake", "-n", "rye", "--heat=200", "-kbread", "-kpie", "--", "r.yaml"],
    ])
    func theSameInFourSpellings(words: [String]) throws {
        let invocation = try Sample.parse(words)
        #expect(invocation.path == ["bake"])
        #expect(invocation.name == "oven bake")
        #expect(invocation.value(Sample.name) == "rye")
        #expect(invocation.int(Sample.heat) == 200)
        #expect(invocation.flag(Sample.verbose) && !invocation.flag(Sample.quiet))
        #expect(invocation.values(Sample.kind) == ["bread", "pie"])
        #expect(invocation.argument(Sample.recipe) == "r.yaml")
        #expect(invocation.arguments(Sample.extras) == [])
        #expect(invocation.value(Sample.socket) == "/run/x.sock")
    }

    @Test func behindTwoDashesEverythingIsAnArgument() throws {
        let invocation = try Sample.parse(["bake", "-n", "x", "-", "--", "--name", "-v", "--"])
        #expect(invocation.argument(Sample.recipe) == "-")
        #expect(invocation.arguments(Sample.extras) == ["--name", "-v", "--"])
    }

    @Test func valuesMayBeEmptyOrLookLikeNumbersBelowZero() throws {
        let invocation = try Sample.parse(["bake", "--name=", "x"])
        #expect(invocation.value(Sample.name)?.isEmpty == true)
        #expect(try Sample.parse(["bake", "-n", "-5", "x"]).value(Sample.name) == "-5")
    }

    @Test func commandLineBeforeEnvironmentBeforeConfigurationBeforeDefault() throws {
        func heat(_ line: [String], _ environment: [String: String], _ file: [String: [String]]) throws -> String? {
            let request = try Sample.program.parse(
                ["bake", "-nx", "r"] + line, version: "", environment: environment, configuration: file)
            guard case .run(let invocation) = request else { return nil }
            return "\(invocation.value(Sample.socket) ?? "") \(invocation.origin(Sample.socket) ?? .standard)"
        }
        let variable = ["OVEN_SOCKET": "/e"]
        let file = ["socket": ["/f"], "unknown": ["x"]]
        #expect(try heat(["--socket", "/l"], variable, file) == "/l commandLine")
        #expect(try heat([], variable, file) == "/e environment(\"OVEN_SOCKET\")")
        #expect(try heat([], [:], file) == "/f configuration")
        #expect(try heat([], [:], [:]) == "/run/x.sock standard")
    }

    @Test func environmentSetsFlagsAndLists() throws {
        func invocation(_ environment: [String: String]) throws -> Invocation {
            try Sample.parse(["bake", "-nx", "r"], environment: environment)
        }
        #expect(try invocation(["OVEN_VERBOSE": "1"]).flag(Sample.verbose))
        #expect(try !invocation(["OVEN_VERBOSE": "no"]).flag(Sample.verbose))
        #expect(try !invocation(["OVEN_VERBOSE": ""]).flag(Sample.verbose))
        #expect(try invocation(["OVEN_KIND": "cake,pie"]).values(Sample.kind) == ["cake", "pie"])
        let error = #expect(throws: ArgumentsError.self) { try invocation(["OVEN_VERBOSE": "maybe"]) }
        #expect(error?.message == "the environment variable OVEN_VERBOSE is 'maybe', but must be true or false")
        #expect(throws: ArgumentsError.self) { try invocation(["OVEN_KIND": "cake,mud"]) }
    }

    @Test(arguments: [
        (["bak"], "unknown-command", "there is no command 'bak'; did you mean 'bake'?\nSee 'oven --help'."),
        (["spel"], "unknown-command", "there is no command 'spel'\nSee 'oven --help'."),
        ([], "missing-command", "'oven' needs a command: bake, loaf\nSee 'oven --help'."),
        (["loaf"], "missing-command", "'oven loaf' needs a command: list, show\nSee 'oven loaf --help'."),
        (
            ["bake", "--haet", "200"], "unknown-option",
            "there is no option '--haet'; did you mean '--heat'?\nSee 'oven bake --help'."
        ),
        (["bake", "--sekret"], "unknown-option", "there is no option '--sekret'\nSee 'oven bake --help'."),
        (["bake", "-vx"], "unknown-option", "there is no option '-x' (in '-vx')\nSee 'oven bake --help'."),
        (
            ["bake", "-heat"], "unknown-option",
            ""
        ),
        (["bake", "--quiet=yes"], "unexpected-value", "the option '--quiet' takes no value\nSee 'oven bake --help'."),
        (["bake", "--name"], "missing-value", "the option '--name' needs a value (NAME)\nSee 'oven bake --help'."),
        (
            ["bake", "--name", "--heat=3"], "missing-value",
            "the option '--name' needs a value, but '--heat=3' follows "
                + "(write '--name=--heat=3' if that is the value)\nSee 'oven bake --help'."
        ),
        (
            ["bake", "-nx", "-k", "caek"], "bad-value",
            "the value of '--kind' is 'caek', but must be one of bread, cake, pie; did you mean 'cake'?\n"
                + "See 'oven bake --help'."
        ),
        (
            ["bake", "--heat", "301"], "bad-value",
            "the value of '--heat' is 301, but must be between 50 and 300\nSee 'oven bake --help'."
        ),
        (
            ["bake", "--heat", "+60"], "bad-value",
            "the value of '--heat' is '+60', but must be a whole number\nSee 'oven bake --help'."
        ),
        (["bake", "--socket="], "bad-value", "the value of '--socket' must not be empty\nSee 'oven bake --help'."),
        (
            ["bake", "-nx", "--name", "y"], "repeated-option",
            "the option '--name' is given twice ('x' and 'y')\nSee 'oven bake --help'."
        ),
        (["bake", "r"], "missing-argument", "the option '--name' is needed\nSee 'oven bake --help'."),
        (
            ["bake", "-nx"], "missing-argument",
            "RECIPE is missing: the file with the recipe, - for the standard input\nSee 'oven bake --help'."
        ),
        (["loaf", "show", ""], "bad-value", "LOAF must not be empty\nSee 'oven loaf show --help'."),
        (
            ["loaf", "list", "x"], "unexpected-argument",
            "'x' is one argument too many for 'oven loaf list'\nSee 'oven loaf list --help'."
        ),
    ])
    func mistakesAreNamedWithAWayOut(words: [String], code: String, text: String) {
        // "-heat" is -h and so on: the help wins, as with every program.
        if words == ["bake", "-heat"] {
            #expect(throws: Never.self) { try Sample.program.parse(words, version: "1") }
            return
        }
        let error = #expect(throws: ArgumentsError.self) { try Sample.parse(words) }
        #expect(error?.code.rawValue == code)
        #expect(error?.description == text)
    }

    @Test func aFlagTwiceIsAFlag() throws {
        #expect(try Sample.parse(["bake", "-nx", "-qq", "r"]).flag(Sample.quiet))
    }

    @Test func hiddenThingsWork() throws {
        #expect(try Sample.parse(["spell"]).path == ["spell"])
        #expect(try Sample.parse(["bake", "-nx", "--secret", "r"]).flag(Sample.secret))
    }

    @Test func versionAndHelpWinOverWhatIsMissing() throws {
        guard case .show(let version) = try Sample.parse("bake", "--version") else { throw Wrong() }
        #expect(version == "oven 1.2.3")
        for words in [["bake", "--help"], ["bake", "-h"], ["help", "bake"], ["bake", "-vh"]] {
            guard case .show(let help) = try Sample.program.parse(words, version: "1") else { throw Wrong() }
            #expect(help.hasPrefix("oven bake: bake one thing\n"))
        }
    }

    @Test func aDescriptionThatContradictsItselfIsFound() {
        #expect(Sample.program.problems() == [])
        let bad = CommandDescription(
            "bad", "x",
            options: [
                Sample.quiet, .flag("quiet", help: "no stop"),
                .value("n", "N", help: "N.", accepts: .integer(1...2), default: "3"),
            ],
            positionals: [Sample.extras, Sample.recipe])
        #expect(
            bad.problems() == [
                "bad: two options --quiet", "bad: the help of --quiet is no sentence",
                "bad: the default of --n is 3, but must be between 1 and 2", "bad: EXTRA repeats and is not the last",
                "bad: RECIPE is required after an optional argument",
            ])
    }
}

private struct Wrong: Error {}
