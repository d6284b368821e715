import Arguments
import FactoryClient
import FactoryProtocol

/// `factoryctl watch`: shows a build until its end.
enum WatchCommand: Subcommand {
    static let description = CommandDescription(
        "watch", "show a build until its end",
        discussion: """
            Shows everything from the build's beginning, whenever it is called, and goes on after the connection or \
            the farm was away: nothing is missed or shown twice. The last line says how the build ended, what it made, \
            and what to do next; the exit status says the same to scripts.

            In a pipe it prints a line for each step; what the tools say is left out unless --logs is given.

            Ctrl-C leaves the build running.
            """,
        options: WatchOptions.all, positionals: [CommonOptions.newestBuild],
        examples: [
            .init("factoryctl watch", "Watch the newest build"),
            .init("factoryctl watch 01J8 --progress json | jq .", "Every event, for programs"),
        ],
        exitStatuses: [
            .init(0, "the build succeeded"), .init(1, "it failed"), .init(3, "it was cancelled"),
            .init(4, "it ran out of time or attempts"),
            .init(6, "the farm was lost for good"),
            .init(7, "worker or infrastructure failed, and no attempt was left or would help"),
            .init(130, "left by Ctrl-C"), .init(143, "left by SIGTERM"),
        ])

    static func run(_ call: Call) async throws -> ExitStatus {
        let session = try await call.connect()
        let build = try await call.build(call.invocation.argument(CommonOptions.newestBuild), session)
        session.close()
        return try await WatchLoop.run(build, call, form: .table)
    }
}
