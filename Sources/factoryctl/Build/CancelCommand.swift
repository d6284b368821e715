import Arguments
import FactoryClient
import FactoryProtocol
import Terminal

/// `factoryctl cancel`: ends a build or one job of it.
enum CancelCommand: Subcommand {
    static let job = Positional("JOB", help: "Only this job, as iso-amd64, and what needs it.", isRequired: false)
    static let reason = Option.value(
        "reason", "TEXT", help: "Why, for those who look at the build later.", accepts: .something,
        default: "asked for at the command line")

    static let description = CommandDescription(
        "cancel", "end a build or one of its jobs",
        discussion: "Running jobs are asked to end, and killed after ten seconds. What was made stays.",
        options: [reason, CommonOptions.quiet], positionals: [CommonOptions.build, job])

    static func run(_ call: Call) async throws -> ExitStatus {
        let session = try await call.connect()
        let build = try await call.build(call.invocation.argument(CommonOptions.build), session)
        let job = call.invocation.argument(job).map { JobName.id($0, build) }
        let request = CancelBuild(build: build, job: job, reason: call.invocation.value(reason) ?? "")
        let cancelling = try await session.request(request, for: Cancelling.self)
        guard !call.invocation.flag(CommonOptions.quiet) else { return .success }
        let names = cancelling.jobs.map(\.shortName).joined(separator: ", ")
        try await call.print(
            Painted(names.isEmpty ? "build \(build) has ended already" : "build \(build): cancelling \(names)"))
        return .success
    }
}
