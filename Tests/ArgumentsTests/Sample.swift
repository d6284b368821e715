import Arguments

/// A small program that uses everything a description can say.
enum Sample {
    static let socket = Option.value(
        "socket", "PATH", help: "Where the daemon listens.", accepts: .something, default: "/run/x.sock",
        environment: "OVEN_SOCKET", completion: .files)
    static let verbose = Option.flag("verbose", short: "v", help: "Say more.", environment: "OVEN_VERBOSE")
    static let quiet = Option.flag("quiet", short: "q", help: "Print only the id.")
    static let kind = Option.value(
        "kind", short: "k", "KIND", help: "What to bake.", accepts: .choice(["bread", "cake", "pie"]), repeats: true,
        environment: "OVEN_KIND")
    static let heat = Option.value(
        "heat", "DEGREES", help: "How hot, in degrees.", accepts: .integer(50...300), default: "180")
    static let name = Option.value("name", short: "n", "NAME", help: "What it is called.", isRequired: true)
    static let secret = Option.flag("secret", help: "Not for everybody.", isHidden: true)
    static let recipe = Positional(
        "RECIPE", help: "The file with the recipe, - for the standard input.", completion: .files)
    static let extras = Positional("EXTRA", help: "More to put in.", isRequired: false, repeats: true)
    static let loaf = Positional("LOAF", help: "The id of a loaf.", completion: .lines(["loaf", "list", "--quiet"]))

    static let program = CommandDescription(
        "oven", "bake things",
        discussion: "The oven bakes what it is given.\n\nIt's hot; don't touch the \\door\\.",
        options: [socket, verbose],
        subcommands: [
            CommandDescription(
                "bake", "bake one thing", discussion: ".starts with a dot",
                options: [name, kind, heat, quiet, secret],
                positionals: [recipe, extras],
                examples: [.init("oven bake --name rye rye.yaml", "Bakes a rye bread")],
                exitStatuses: [.init(0, "baked"), .init(1, "burnt")]),
            CommandDescription(
                "loaf", "look at loaves",
                subcommands: [
                    CommandDescription("list", "list the loaves", options: [quiet]),
                    CommandDescription("show", "show a loaf", positionals: [loaf]),
                ]),
            CommandDescription("spell", "cast a spell", isHidden: true),
        ])

    static func parse(
        _ words: String..., environment: [String: String] = [:], configuration: [String: [String]] = [:]
    ) throws(ArgumentsError) -> CommandDescription.Request {
        try program.parse(words, version: "1.2.3", environment: environment, configuration: configuration)
    }

    static func parse(_ words: [String], environment: [String: String] = [:]) throws(ArgumentsError) -> Invocation {
        guard case .run(let invocation) = try program.parse(words, version: "1.2.3", environment: environment) else {
            throw ArgumentsError(.unexpected, "a text was shown", command: "oven")
        }
        return invocation
    }
}
