import Arguments
import FactoryClient
import FactoryProtocol
import Terminal

/// `factoryctl list`: the builds, newest first.
enum ListCommand: Subcommand {
    static let limit = Option.value(
        "limit", short: "n", "COUNT", help: "At most so many.", accepts: .integer(1...1000), default: "20")
    static let state = Option.value(
        "state", "STATE", help: "Only builds in this state.", accepts: .choice(BuildState.allCases.map(\.rawValue)),
        repeats: true)

    static let description = CommandDescription(
        "list", "list builds, newest first",
        options: [limit, state, CommonOptions.json, CommonOptions.quiet],
        examples: [.init("factoryctl list --state running --state queued", "What is still to be done")])

    static func run(_ call: Call) async throws -> ExitStatus {
        let form = try ListForm(call.invocation)
        let session = try await call.connect()
        let request = ListBuilds(limit: call.invocation.int(limit) ?? 20, states: call.invocation.values(state))
        let builds = try await session.request(request, for: Builds.self).builds
        try await call.print(listing(builds, now: ClockTime.now()).lines(form, width: call.width))
        return .success
    }

    static func listing(_ builds: [BuildSummary], now: Timestamp) -> Listing<BuildSummary> {
        Listing(
            items: builds,
            columns: [
                .init("BUILD"), .init("STATE"), .init("JOBS", side: .right), .init("SUBMITTED"),
                .init("BY", mayShrink: true),
                .init("WHAT", mayShrink: true),
            ],
            row: { build in
                let age = Duration.milliseconds(now.milliseconds - build.submittedAt.milliseconds)
                return [
                    Painted(build.build.rawValue), build.state.painted, Painted("\(build.jobsDone)/\(build.jobs)"),
                    Painted(Human.ago(age)), Painted(Neutralized.text(build.submittedBy)),
                    Painted(Neutralized.text(build.title)),
                ]
            },
            id: \.build.rawValue, none: "no builds; factoryctl submit makes one")
    }
}
