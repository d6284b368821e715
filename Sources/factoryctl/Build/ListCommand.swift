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
        let builds = try await session.builds(
            limit: call.invocation.int(limit) ?? 20, states: call.invocation.values(state))
        try await call.print(
            listing(builds, now: ClockTime.now(), width: call.width, next: call.next).lines(form, width: call.width))
        return .success
    }

    /// The list, for `width` columns where that is known. Where the whole does not fit, ids are cut to a beginning that is
    /// theirs alone (which every command takes for the id), and titles to what tells builds apart.
    static func listing(
        _ builds: [BuildSummary], now: Timestamp, width: Int?, next: NextCommand
    ) -> Listing<BuildSummary> {
        let whole = listing(builds, now: now, next: next, id: \.build.rawValue, title: \.title)
        guard let width, let lines = try? whole.lines(.table, width: nil),  // a table is never an error, JSON may be
            lines.contains(where: { $0.columns > width })
        else { return whole }
        let length = shortest(builds.map(\.build.rawValue))
        return listing(
            builds, now: now, next: next, id: { String($0.build.rawValue.prefix(length)) },
            title: { shortened($0.title) })
    }

    /// How many letters of ids tell them apart: at least as many as hold the time and a chance that another build has the
    /// same ones that is not worth speaking of.
    private static func shortest(_ ids: [String]) -> Int {
        let longest = ids.map(\.count).max() ?? 0
        return (14...26).first { length in Set(ids.map { $0.prefix(length) }).count == Set(ids).count } ?? longest
    }

    /// A title without what most builds have in common.
    private static func shortened(_ title: String) -> String {
        let start = title.hasPrefix("distro:") ? title.dropFirst("distro:".count) : title[...]
        return String(start.hasSuffix(" generic") ? start.dropLast(" generic".count) : start)
    }

    private static func listing(
        _ builds: [BuildSummary], now: Timestamp, next: NextCommand, id: @escaping @Sendable (BuildSummary) -> String,
        title: @escaping @Sendable (BuildSummary) -> String
    ) -> Listing<BuildSummary> {
        Listing(
            items: builds,
            columns: [
                .init("BUILD"), .init("STATE"), .init("JOBS", side: .right), .init("SUBMITTED"),
                .init("BY", mayShrink: true),
                .init("WHAT", mayShrink: true),
            ],
            row: { build in
                let age = now.since(build.submittedAt)
                return [
                    Painted(id(build)), build.state.painted, Painted("\(build.jobsDone)/\(build.jobs)"),
                    Painted(Human.ago(age)), Painted(Neutralized.text(build.submittedBy)),
                    Painted(Neutralized.text(title(build))),
                ]
            },
            id: \.build.rawValue, none: "no builds; \(next("submit")) makes one")
    }
}
