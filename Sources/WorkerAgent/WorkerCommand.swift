import Arguments

/// The commands of `factory-worker`, as data.
enum WorkerCommand {
    static let top = CommandDescription(
        "factory-worker", "Runs jobs of the farm, each in a process of its own", subcommands: [runJob])

    /// `run-job DIRECTORY`
    static let runJob = CommandDescription(
        "run-job", "Run the job of one spool directory",
        discussion: """
            The agent starts every job so; by hand it is the best way to look at a job that failed. The job reads \
            DIRECTORY/job.json, finds its inputs in in/, leaves artifacts in out/, appends to events.ndjson and ends by \
            writing result.json.

            Started by hand it runs without namespaces of its own: what it leaves running or mounted stays. For the \
            containment that the agent gives, put `unshare --fork --pid --mount --mount-proc` before it.
            """,
        options: [quiet], positionals: [directory],
        examples: [.init("factory-worker run-job /var/lib/factory-worker/spool/01J….image-amd64.7", "run it again")],
        exitStatuses: [
            .init(1, "the job failed"), .init(3, "the job was cancelled"),
            .init(4, "the spool cannot be used: no job in it, another process runs it, it has ended"),
        ])
    static let quiet = Option.flag("quiet", short: "q", help: "Print nothing; events.ndjson has it all.")
    static let directory = Positional("DIRECTORY", help: "The spool directory.", completion: .directories)

    /// The words, with `agent` put first where no command is named, as the unit file starts it.
    static func withDefault(_ words: [String]) -> [String] { words }
}
