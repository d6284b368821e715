import Arguments

/// The daemon's command line, environment and configuration file: one list for the three.
enum DaemonOptions {
    static let config = Option.value(
        "config", "FILE", help: "Read settings from this YAML file instead of /etc/factory/factoryd.yaml.",
        environment: "FACTORYD_CONFIG", completion: .files)
    static let root = Option.value(
        "root", "DIR", help: "Keep everything below this directory: database, store, logs and sockets.",
        accepts: .something, environment: "FACTORYD_ROOT", completion: .directories)
    static let state = Option.value(
        "state", "DIR", help: "Where the database, the store and the logs are.", accepts: .something,
        default: "/var/lib/factory", environment: "FACTORYD_STATE", completion: .directories)
    static let run = Option.value(
        "run", "DIR", help: "Where the sockets are.", accepts: .something, default: "/run/factory",
        environment: "FACTORYD_RUN", completion: .directories)
    static let listen = Option.value(
        "listen", "ADDRESS",
        help:
            "Also take the wire protocol over TCP on this loopback address, as 127.0.0.1:7100. Nothing is proven there: "
            + "every local user may then submit and work. Needs --http-listen.", environment: "FACTORYD_LISTEN")
    static let httpListen = Option.value(
        "http-listen", "ADDRESS",
        help: "Also serve HTTP over TCP on this loopback address, as 127.0.0.1:8080. Every local user may then read.",
        environment: "FACTORYD_HTTP_LISTEN")
    static let adminGroup = Option.value(
        "admin-group", "GROUP", help: "Members administer the farm.", default: "factory-admin",
        environment: "FACTORYD_ADMIN_GROUP")
    static let userGroup = Option.value(
        "user-group", "GROUP", help: "Members submit builds and read.", default: "factory",
        environment: "FACTORYD_USER_GROUP")
    static let workerUser = Option.value(
        "worker-user", "USER", help: "A user whose workers may work, beside root and the daemon's own.", repeats: true,
        environment: "FACTORYD_WORKER_USER")
    static let heartbeat = Option.value(
        "heartbeat", "MILLISECONDS", help: "How often workers and factoryd tell each other that they live.",
        accepts: .integer(10...3_600_000), default: "10000", environment: "FACTORYD_HEARTBEAT")
    static let dead = Option.value(
        "dead", "MILLISECONDS",
        help: "After so long a silence a worker gets no more jobs. At least twice the heartbeat.",
        accepts: .integer(20...3_600_000), default: "30000", environment: "FACTORYD_DEAD")
    static let grace = Option.value(
        "grace", "MILLISECONDS", help: "After so much longer its jobs are given to other workers.",
        accepts: .integer(0...86_400_000), default: "30000", environment: "FACTORYD_GRACE")
    static let retryDelay = Option.value(
        "retry-delay", "MILLISECONDS", help: "How long a job waits for its second attempt; doubled for the third.",
        accepts: .integer(0...3_600_000), default: "10000", environment: "FACTORYD_RETRY_DELAY")
    static let keepBuilds = Option.value(
        "keep-builds", "DAYS",
        help: "After so long a build that is over is forgotten, with its log and its artifacts; 0 keeps all.",
        accepts: .integer(0...36_500), default: "0", environment: "FACTORYD_KEEP_BUILDS")
    static let keepUnused = Option.value(
        "keep-unused", "MILLISECONDS", help: "How long an artifact stays in the store that belongs to no build.",
        accepts: .integer(1000...86_400_000_000), default: "86400000", environment: "FACTORYD_KEEP_UNUSED")
    static let storeReserve = Option.value(
        "store-reserve", "MIB",
        help:
            "What artifacts leave free on the disk of the store, for the queue and the logs. Unless it is given: a "
            + "sixteenth of the disk, at least 8 MiB and at most 1 GiB, and a quarter of a small one.",
        accepts: .integer(0...1_048_576), environment: "FACTORYD_STORE_RESERVE")
    static let housekeeping = Option.value(
        "housekeeping", "MILLISECONDS", help: "How often what may be forgotten is looked for.",
        accepts: .integer(100...86_400_000), default: "3600000", environment: "FACTORYD_HOUSEKEEPING")
    static let logLevel = Option.value(
        "log-level", "LEVEL", help: "Which lines are logged: this level and what is more urgent.",
        accepts: .choice(["error", "warning", "info"]), default: "info", environment: "FACTORYD_LOG_LEVEL")

    static let all = [
        config, root, state, run, listen, httpListen, adminGroup, userGroup, workerUser, heartbeat, dead, grace,
        retryDelay, keepBuilds, keepUnused, storeReserve, housekeeping, logLevel,
    ]

    static let description = CommandDescription(
        "factoryd", "queue, events and artifact store of the build farm",
        discussion: """
            Every option can also stand in the configuration file by its long name, and in the environment as FACTORYD_ \
            and the name in capitals. The command line counts before the environment, the environment before the file.

            SIGTERM ends it in good order: running jobs go on in their workers, and the next factoryd takes them over.
            """,
        options: all + [Backup.option] + SelfDescription.options,
        examples: [
            .init("factoryd --root ./var", "A farm of one's own in a folder, without root"),
            .init("factoryd", "As systemd starts it"),
            .init("factoryd --backup /backup/factory.sqlite", "Copy the queue of the farm in the system"),
        ],
        exitStatuses: [
            .init(0, "ended by a signal, or the copy is written"),
            .init(1, "it could not start, the disk failed, or the copy could not be written"),
            .init(2, "a wrong option or a wrong configuration file"),
        ])
}
