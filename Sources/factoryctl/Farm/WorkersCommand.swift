import Arguments
import FactoryClient
import FactoryProtocol
import Terminal

/// `factoryctl workers`: who builds.
enum WorkersCommand: Subcommand {
    static let description = CommandDescription(
        "workers", "list the workers", options: [CommonOptions.json, CommonOptions.quiet])

    static func run(_ call: Call) async throws -> ExitStatus {
        let form = try ListForm(call.invocation)
        let session = try await call.connect()
        let workers = try await session.workers()
        try await call.print(listing(workers, now: ClockTime.now()).lines(form, width: call.width))
        return .success
    }

    static func listing(_ workers: [WorkerSummary], now: Timestamp) -> Listing<WorkerSummary> {
        Listing(
            items: workers,
            columns: [
                .init("WORKER"), .init("STATE"), .init("ARCH"), .init("BUSY", side: .right), .init("HEARD"),
                .init("SOFTWARE", mayShrink: true), .init("RUNS", mayShrink: true),
            ],
            row: { worker in
                let age = now.since(worker.lastHeard)
                return [
                    Painted(worker.name.rawValue), worker.state.painted,
                    Painted(worker.architectures.map(\.rawValue).joined(separator: ",")),
                    Painted("\(worker.jobs.count)/\(worker.slots)"), Painted(Human.ago(age)),
                    Painted(Neutralized.text(worker.software)),
                    Painted(worker.jobs.map(\.shortName).joined(separator: ", ")),
                ]
            },
            id: \.name.rawValue, none: "no workers; start one with factory-worker")
    }
}
