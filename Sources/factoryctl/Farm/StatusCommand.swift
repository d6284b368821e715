import Arguments
import FactoryClient
import FactoryProtocol
import JSON
import Terminal

/// `factoryctl status`: how the farm is.
enum StatusCommand: Subcommand {
    static let description = CommandDescription("status", "say how the farm is", options: [CommonOptions.json])

    static func run(_ call: Call) async throws -> ExitStatus {
        let session = try await call.connect()
        let status = try await session.request(AskStatus(), for: StatusReport.self)
        let text =
            call.invocation.flag(CommonOptions.json)
            ? [Painted(json: try CanonicalJSON.text(status))] : lines(status, now: ClockTime.now(), next: call.next)
        try await call.print(text)
        return .success
    }

    static func lines(_ status: StatusReport, now: Timestamp, next: NextCommand) -> [Painted] {
        let uptime = Human.duration(now.since(status.startedAt))
        let jobs = JobState.allCases.compactMap { state in
            status.jobs[state.rawValue].flatMap { $0 > 0 ? "\($0) \(state.rawValue)" : nil }
        }
        let workers = Human.count(status.workers, "worker")
        return [
            Painted("farm     ", .dim) + Painted("\(Neutralized.text(status.server)), up for \(uptime)"),
            Painted("data     ", .dim) + Painted(Neutralized.text(status.root)),
            Painted("jobs     ", .dim) + Painted(jobs.isEmpty ? "none" : jobs.joined(separator: ", ")),
            Painted("workers  ", .dim) + Painted("\(workers), \(Human.count(status.freeSlots, "slot")) free"),
            Painted("store    ", .dim)
                + Painted("\(Human.bytes(status.storeBytes)) used, \(Human.bytes(status.freeBytes)) free on the disk"),
        ]
            + status.problems.map { problem in
                var problem = problem
                problem.suggestion = problem.suggestion.map(next.adopted)
                return Painted("! \(Neutralized.text(problem.sentence))", .yellow)
            }
    }
}
