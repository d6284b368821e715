import Arguments
import FactoryClient
import FactoryProtocol
import JSON
import Terminal

/// `factoryctl show`: all about one build.
enum ShowCommand: Subcommand {
    static let description = CommandDescription(
        "show", "show a build with its jobs and artifacts", options: [CommonOptions.json],
        positionals: [CommonOptions.newestBuild])

    static func run(_ call: Call) async throws -> ExitStatus {
        let session = try await call.connect()
        let id = try await call.build(call.invocation.argument(CommonOptions.newestBuild), session)
        let build = try await session.details(of: id)
        if call.invocation.flag(CommonOptions.json) {
            try await call.print(Painted(json: try CanonicalJSON.text(build)))
        } else {
            try await call.print(try lines(build, now: ClockTime.now(), width: call.width, next: call.next))
        }
        return .success
    }

    static func lines(
        _ build: BuildDetails, now: Timestamp, width: Int?, next: NextCommand
    ) throws -> [Painted] {
        let summary = build.summary
        let end = summary.endedAt ?? now
        let took = Human.duration(end.since(summary.submittedAt))
        let age = Human.ago(now.since(summary.submittedAt))
        var lines = [
            Painted("build \(summary.build)  ", .bold) + summary.state.painted,
            Painted("what       \(Neutralized.text(summary.title))"),
            Painted(
                "submitted  \(age) by \(Neutralized.text(summary.submittedBy)); \(summary.endedAt == nil ? "running for" : "took") \(took)"
            ),
            // With the name of the algorithm in front of it, as elsewhere, it would not fit 80 columns.
            Painted("sha256     \(build.specDigest.trimmingPrefix("sha256:"))", .dim), Painted(""),
        ]
        lines += try jobs(build.jobs).lines(.table, width: width)
        let made = build.artifacts.filter(\.artifact.role.isDeliverable)
        if !made.isEmpty {
            lines += [Painted("")] + (try ArtifactsListCommand.listing(made).lines(.table, width: width))
        }
        if let verdict = build.verdict {
            lines += [Painted(""), Painted(WatchEnding.verdict(verdict).line(build: summary.build, next: next))]
            lines += (verdict.failure?.shownExcerpt ?? []).map { Painted("    | \($0)", .dim) }
        }
        return lines
    }

    static func jobs(_ jobs: [JobSummary]) -> Listing<JobSummary> {
        Listing(
            items: jobs,
            columns: [
                .init("JOB"), .init("STATE"), .init("ATTEMPT", side: .right), .init("TOOK", side: .right),
                .init("WORKER", mayShrink: true),
                .init("WHY", mayShrink: true),
            ],
            row: { job in
                let took = job.startedAt.flatMap { start in
                    job.endedAt.map { Human.duration($0.since(start)) }
                }
                let why = job.cached ? "taken from an earlier build" : job.reason ?? ""
                return [
                    Painted(job.name), job.state.painted, Painted("\(job.attempt)/\(job.maxAttempts)"),
                    Painted(took ?? ""),
                    Painted(job.worker?.rawValue ?? ""), Painted(Neutralized.text(why)),
                ]
            },
            id: \.job.rawValue, none: "no jobs")
    }
}
