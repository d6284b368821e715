import Arguments
import FactoryProtocol

/// The commands of the program, in the order of the help.
enum Program {
    /// The commands at the top.
    static var commands: [any Subcommand.Type] {
        [
            SubmitCommand.self, WatchCommand.self, PlanCommand.self, ListCommand.self, ShowCommand.self,
            LogsCommand.self,
            ExplainCommand.self, CancelCommand.self, RetryCommand.self, WorkersCommand.self, DrainCommand.self,
            UndrainCommand.self, StatusCommand.self, DoctorCommand.self, CompletionCommand.self, ManCommand.self,
        ]
    }
    /// The commands below `artifacts`.
    static var artifactCommands: [any Subcommand.Type] {
        [
            ArtifactsListCommand.self, ArtifactsGetCommand.self, ArtifactsVerifyCommand.self,
        ]
    }

    private static let artifacts = CommandDescription(
        "artifacts", "list, fetch and check what a build made", subcommands: artifactCommands.map { $0.description })

    /// The whole command line.
    static let description = CommandDescription(
        "factoryctl", "build immutable OS images on a farm",
        discussion: """
            Hand in a description of an image, watch it being built, fetch what came out. The farm is found by --root, \
            --socket or their environment variables.

            A build goes on when this program ends or loses the connection; come back with 'factoryctl watch'.
            """,
        options: FarmOptions.all,
        examples: [
            .init(
                "factoryctl submit --base distro:debian/bookworm --version v1.0.0", "Build a Debian 12 ISO and watch"),
            .init("factoryctl artifacts get", "Fetch what the newest build made"),
            .init("factoryctl explain", "Say why the newest build waits"),
        ],
        exitStatuses: [
            .init(0, "success"), .init(1, "the build failed, or what was asked for is not so"),
            .init(2, "the command line or the description is wrong"), .init(3, "the build was cancelled"),
            .init(4, "the build ran out of time or attempts"), .init(5, "no worker can do it"),
            .init(6, "the farm cannot be reached"),
            .init(7, "worker or infrastructure failed, and no attempt was left or would help"),
            .init(130, "interrupted by Ctrl-C; the build goes on"),
            .init(143, "ended by SIGTERM; the build goes on"),
        ],
        subcommands: topCommands)

    private static var topCommands: [CommandDescription] {
        var all = commands.map { $0.description }
        // Where a user looks for it: after what is about builds.
        let place = all.firstIndex { $0.name == WorkersCommand.description.name } ?? all.count
        all.insert(artifacts, at: place)
        return all
    }

    /// The command that a path names.
    static func command(_ path: [String]) -> (any Subcommand.Type)? {
        switch path.count {
        case 1: commands.first { $0.description.name == path[0] }
        case 2 where path[0] == artifacts.name: artifactCommands.first { $0.description.name == path[1] }
        default: nil
        }
    }
}
