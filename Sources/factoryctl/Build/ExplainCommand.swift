import Arguments
import FactoryClient
import FactoryProtocol
import JSON
import Terminal

/// `factoryctl explain`: why the jobs of a build wait, constraint by constraint and worker by worker.
enum ExplainCommand: Subcommand {
    static let job = Positional("JOB", help: "Only this job, as iso-amd64.", isRequired: false)

    static let description = CommandDescription(
        "explain", "say why a build or a job waits", options: [CommonOptions.json],
        positionals: [CommonOptions.newestBuild, job],
        examples: [.init("factoryctl explain 01J8 image-amd64", "Why that job does not run, worker by worker")])

    static func run(_ call: Call) async throws -> ExitStatus {
        let session = try await call.connect()
        let build = try await call.build(call.invocation.argument(CommonOptions.newestBuild), session)
        var jobs = call.invocation.argument(job).map { [JobName.id($0, build)] } ?? []
        if jobs.isEmpty {
            let details = try await session.details(of: build)
            jobs = details.jobs.filter { !$0.state.isFinal }.map(\.job)
            // Of a build that has ended, how its jobs ended is what there is to say.
            if jobs.isEmpty { jobs = details.jobs.map(\.job) }
        }
        var explained: [Explained] = []
        for job in jobs { explained.append(try await session.request(Explain(job: job))) }
        if call.invocation.flag(CommonOptions.json) {
            try await call.print(Painted(json: try CanonicalJSON.text(explained)))
        } else {
            try await call.print(explained.flatMap(lines))
        }
        return .success
    }

    static func lines(_ explained: Explained) -> [Painted] {
        [
            Painted("\(explained.job.shortName)  ", .bold) + explained.state.painted
                + Painted("  \(Neutralized.text(explained.summary))")
        ] + explained.lines.map { Painted("  \(Neutralized.text($0))") }
    }
}
