import Arguments
import FactoryClient
import FactoryProtocol
import Terminal

/// `factoryctl logs`: what the tools of a build printed.
enum LogsCommand: Subcommand {
    static let job = Positional("JOB", help: "Only this job, as image-amd64.", isRequired: false)
    static let step = Option.value("step", "STEP", help: "Only this step, by its name in 'watch --progress json'.")
    static let attempt = Option.value(
        "attempt", "NUMBER", help: "Only this attempt, counted from 1.", accepts: .integer(1...1000))
    static let follow = Option.flag("follow", help: "Wait for more until the build ends.")
    static let times = Option.flag("times", help: "Put the time in front of every line.")

    static let description = CommandDescription(
        "logs", "print what the tools said",
        discussion: """
            In a pipe every line is as the tool wrote it; at a terminal what would move the cursor or change colours is \
            taken out.
            """,
        options: [step, attempt, follow, times], positionals: [CommonOptions.newestBuild, job],
        examples: [
            .init("factoryctl logs 01J8 image-amd64 --step installPackages", "All that apt said"),
            .init("factoryctl logs --follow", "The newest build, as it goes"),
        ])

    static func run(_ call: Call) async throws -> ExitStatus {
        let session = try await call.connect()
        let build = try await call.build(call.invocation.argument(CommonOptions.newestBuild), session)
        session.close()
        let watcher = BuildWatcher(
            endpoint: try call.endpoint(), hello: Call.hello, build: build, logs: true,
            follow: call.invocation.flag(follow))
        var filter = LogFilter(
            job: call.invocation.argument(job).map { JobName.id($0, build) }, step: call.invocation.value(step),
            attempt: call.invocation.int(attempt),
            times: call.invocation.flag(times) ? ClockTime.localOffsetSeconds() : nil,
            isRaw: !call.traits.isInteractive)
        _ = try await watcher.run { news in
            guard case .event(let event) = news else { return }
            if let line = filter.line(event) { try await call.print(log: line) }
            // The jobs are known from the first event on: nobody waits for one that will never come.
            if case .buildAccepted = event.kind, let missing = filter.missingJob(build) { throw missing }
        }
        if let missing = filter.missing(build) { throw missing }
        if filter.printed == 0 { try await call.note("the tools said nothing there") }
        return .success
    }
}
