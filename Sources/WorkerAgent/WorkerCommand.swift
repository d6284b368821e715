import Arguments

/// The commands of `factory-worker`, as data.
enum WorkerCommand {
    static let top = CommandDescription(
        "factory-worker", "Runs jobs of the farm, each in a process of its own",
        discussion: """
            Without a command it is the agent. Every option can also stand in worker.yaml, under its long name, and in \
            the environment, as FACTORY_WORKER_ and the name in capitals.
            """,
        options: [root, config], subcommands: [agent, runJob, doctor, completion, man])

    static let root = Option.value(
        "root", "DIR", help: "Keep everything below DIR: DIR/run/factoryd.sock, DIR/worker.",
        environment: "FACTORY_WORKER_ROOT", completion: .directories)
    static let config = Option.value(
        "config", "FILE", help: "Read settings from FILE; by default /etc/factory/worker.yaml, if it is there.",
        environment: "FACTORY_WORKER_CONFIG", completion: .files)

    /// `agent`
    static let agent = CommandDescription(
        "agent", "Take jobs from the farm until told to stop",
        discussion: """
            Stopping the agent stops no job: the next agent finds those that run and goes on with them. To end a job, use \
            `factoryctl cancel`.
            """,
        options: [socket, slots, arch, name],
        examples: [.init("factory-worker agent --root /srv/farm --slots 2", "work for the farm in /srv/farm")])
    static let socket = Option.value(
        "socket", "SOCKET", help: "Where factoryd listens: a path, or tcp:127.0.0.1:PORT.",
        environment: "FACTORY_WORKER_SOCKET", completion: .files)
    static let slots = Option.value(
        "slots", "N", help: "How many jobs at once; by default one for every four processors.",
        accepts: .integer(1...64), environment: "FACTORY_WORKER_SLOTS")
    static let arch = Option.value(
        "arch", "ARCH", help: "Build for ARCH, by default this machine's. Can be given several times.",
        accepts: .choice(["amd64", "arm64"]), repeats: true, environment: "FACTORY_WORKER_ARCH")
    static let name = Option.value(
        "name", "NAME",
        help:
            "The worker's name in the farm, which no other may have; by default the machine's, with ARCH where that is "
            + "not the machine's.",
        environment: "FACTORY_WORKER_NAME")

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

    /// `doctor`
    static let doctor = CommandDescription(
        "doctor", "Say what this machine can do for the farm, and what is missing", options: [arch],
        exitStatuses: [.init(1, "something that jobs need is missing")])

    /// `completion SHELL`, for those who package the program.
    static let completion = CommandDescription(
        "completion", "Print a completion script for a shell", positionals: [shell], isHidden: true)
    static let shell = Positional("SHELL", help: "Which shell.", accepts: .choice(Shell.allCases.map(\.rawValue)))

    /// `man DIRECTORY`, likewise.
    static let man = CommandDescription(
        "man", "Write the man pages into a directory", positionals: [pages], isHidden: true)
    static let pages = Positional("DIRECTORY", help: "Where to write them.", completion: .directories)

    /// The words, with `agent` put first where no command is named, as the unit file starts it.
    static func withDefault(_ words: [String]) -> [String] {
        let names = top.subcommands.map(\.name)
        if words.contains(where: { names.contains($0) || ["--help", "-h", "--version"].contains($0) }) { return words }
        // A first word that is no option was meant as a command: the parser says which there are.
        if let first = words.first, !first.hasPrefix("-") { return words }
        return [agent.name] + words
    }
}
