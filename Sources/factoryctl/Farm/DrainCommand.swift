import Arguments
import FactoryClient
import FactoryProtocol
import Terminal

/// The name of a worker, for the two commands about one.
private let worker = Positional("WORKER", help: "The name of a worker.", completion: .lines(["workers", "--quiet"]))

/// `factoryctl drain`: a worker gets no more jobs.
enum DrainCommand: Subcommand {
    static let description = CommandDescription(
        "drain", "give a worker no more jobs; those that run go on", positionals: [worker])

    static func run(_ call: Call) async throws -> ExitStatus {
        let name = WorkerName(call.invocation.argument(worker) ?? "")
        _ = try await call.connect().request(DrainWorker(worker: name), for: Done.self)
        try await call.print(Painted("worker \(name) gets no more jobs; undo it: \(call.next("undrain \(name)"))"))
        return .success
    }
}

/// `factoryctl undrain`: a drained worker gets jobs again.
enum UndrainCommand: Subcommand {
    static let description = CommandDescription("undrain", "give a drained worker jobs again", positionals: [worker])

    static func run(_ call: Call) async throws -> ExitStatus {
        let name = WorkerName(call.invocation.argument(worker) ?? "")
        _ = try await call.connect().request(UndrainWorker(worker: name), for: Done.self)
        try await call.print(Painted("worker \(name) gets jobs again"))
        return .success
    }
}
