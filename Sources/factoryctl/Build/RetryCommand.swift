import Arguments
import FactoryClient
import FactoryProtocol
import Terminal

/// `factoryctl retry`: gives the failed jobs of a build new attempts.
enum RetryCommand: Subcommand {
    static let description = CommandDescription(
        "retry", "try the failed jobs of a build again",
        discussion: "What succeeded is kept. Watch it afterwards with 'factoryctl watch'.",
        options: [CommonOptions.quiet], positionals: [CommonOptions.build])

    static func run(_ call: Call) async throws -> ExitStatus {
        let session = try await call.connect()
        let build = try await call.build(call.invocation.argument(CommonOptions.build), session)
        let retried = try await session.request(RetryBuild(build: build), for: Retried.self)
        let names = retried.jobs.map(\.shortName).joined(separator: ", ")
        guard !retried.jobs.isEmpty else {
            throw CommandError(.buildFailed, "build \(build) has no job that could be tried again")
        }
        if !call.invocation.flag(CommonOptions.quiet) {
            try await call.print(
                Painted("build \(build): trying \(names) again; watch it: \(call.next("watch \(build)"))"))
        }
        return .success
    }
}
