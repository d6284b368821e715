import Arguments
import CLinux
import Configuration
import Dispatch
import Glibc
import IO

/// The program `factory-worker`.
@main
struct FactoryWorker {
    /// Program and version, as the server and `--version` are told it.
    static let software = "factory-worker 0.1.0"

    static func main() {
        // These come first: a job's first process forks, which only a process of one thread can do. The conditions are
        // read before the next line raises a limit.
        _ = StartConditions.current
        ProcessStart.prepare("factory-worker")
        _ = linux_become_job()
        Task {
            let status = await run(Array(CommandLine.arguments.dropFirst()))
            fflush(nil)
            exit(status)
        }
        dispatchMain()
    }

    /// Reads the command line and runs the command; returns the exit status.
    private static func run(_ words: [String]) async -> Int32 {
        let words = WorkerCommand.withDefault(words)
        do {
            switch try WorkerCommand.top.parse(words, version: software, environment: environment()) {
            case .show(let text):
                Console.print(text)
                return 0
            case .run(let first):
                if try SelfDescription.isWanted(first) { return 0 }
                return await run(try withConfiguration(words, first))
            }
        } catch {
            Console.complain("factory-worker: \(error)")
        }
        return 2
    }

    /// The same command line with what the configuration file says of options that are given nowhere else.
    private static func withConfiguration(_ words: [String], _ first: Invocation) throws -> Invocation {
        let named = first.value(WorkerCommand.config)
        let options = WorkerCommand.top.options + WorkerCommand.agent.options
        let known = options.map(\.name).filter { $0 != WorkerCommand.config.name }.sorted()
        let configuration = try ConfigurationFile.read(
            named ?? "/etc/factory/worker.yaml", known: known, mayBeMissing: named == nil)
        guard
            case .run(let invocation) = try WorkerCommand.top.parse(
                words, version: software, environment: environment(), configuration: configuration)
        else { return first }
        return invocation
    }

    private static func run(_ invocation: Invocation) async -> Int32 {
        switch invocation.path.last {
        case WorkerCommand.agent.name: await AgentCommand.run(invocation)
        case WorkerCommand.runJob.name: await RunJob.run(invocation)
        case WorkerCommand.doctor.name: await Doctor.run(invocation)
        default: preconditionFailure("the command '\(invocation.name)' is described, but nothing runs it")
        }
    }

    static func environment() -> [String: String] {
        var variables: [String: String] = [:]
        var next = environ
        while let entry = next.pointee {
            let text = String(cString: entry)
            if let equals = text.firstIndex(of: "=") {
                variables[String(text[..<equals])] = String(text[text.index(after: equals)...])
            }
            next += 1
        }
        return variables
    }
}
