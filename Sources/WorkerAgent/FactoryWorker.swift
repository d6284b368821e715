import Arguments
import CLinux
import Dispatch
import Glibc

/// The program `factory-worker`.
@main
struct FactoryWorker {
    /// Program and version, as the server and `--version` are told it.
    static let software = "factory-worker 0.1.0"

    static func main() {
        // Must be the first statement: it may fork, which only a process of one thread can do.
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
        do throws(ArgumentsError) {
            switch try WorkerCommand.top.parse(
                WorkerCommand.withDefault(words), version: software, environment: environment())
            {
            case .show(let text):
                Console.print(text)
                return 0
            case .run(let invocation): return await run(invocation)
            }
        } catch {
            Console.complain("\(error)")
            return 2
        }
    }

    private static func run(_ invocation: Invocation) async -> Int32 {
        switch invocation.path.last {
        case WorkerCommand.runJob.name: await RunJob.run(invocation)
        default:
            preconditionFailure("the command '\(invocation.name)' is described, but nothing runs it")
        }
    }

    private static func environment() -> [String: String] {
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
