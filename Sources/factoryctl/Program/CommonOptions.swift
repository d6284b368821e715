import Arguments

/// Options and arguments that several commands share.
enum CommonOptions {
    static let json = Option.flag("json", help: "Print JSON.")
    static let quiet = Option.flag("quiet", short: "q", help: "Print ids only.")

    private static let ids = Completion.lines(["list", "--quiet"])

    /// A build that must be named.
    static let build = Positional("BUILD", help: "The id of a build, or its beginning.", completion: ids)
    /// A build, the newest by default.
    static let newestBuild = Positional(
        "BUILD", help: "The id of a build, or its beginning. By default the newest.", isRequired: false, completion: ids
    )
}
