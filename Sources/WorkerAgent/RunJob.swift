import Arguments
import FactoryArtifacts
import FactoryConversion
import FactoryExecution
import FactoryProtocol
import FactorySpec

/// `factory-worker run-job`: one job in this process.
enum RunJob {
    static func run(_ invocation: Invocation) async -> Int32 {
        let stop = StopSignal()
        let spool = Spool(WorkerSettings.absolute(invocation.argument(WorkerCommand.directory) ?? "."))
        let isQuiet = invocation.flag(WorkerCommand.quiet)
        do throws(ExecutionError) {
            let host = try JobHost(spool, stop: stop) { if !isQuiet { print($0) } }
            let result = try await host.run(body)
            if !isQuiet { print(result) }
            return switch result.outcome {
            case .succeeded: 0
            case .failed: 1
            case .cancelled: 3
            }
        } catch {
            // Also when quiet: these words go to job.log, and the agent has nothing else to tell.
            Console.complain("factory-worker: \(error)")
            return 4
        }
    }

    /// Which body runs which work.
    private static func body(_ work: JobWork, _ context: JobContext) async throws {
        switch work {
        case .selfTest(let work): try await SelfTestJob.run(work, in: context)
        case .image(let work): try await ImageJob.run(work, in: context)
        case .bootCheck(let work): try await BootCheckJob.run(work, in: context)
        case .iso(let work): try await ISOJob.run(work, in: context)
        }
    }

    /// An event as a line for people.
    private static func print(_ kind: Event.Kind) {
        switch kind {
        case .stepStarted(let step): Console.print("== \(step.step): \(step.title)")
        case .stepFinished(let step):
            let note = step.note.map { ": \($0)" } ?? ""
            Console.print("== \(step.step): \(step.result.rawValue) after \(step.milliseconds) ms\(note)")
        case .log(let line): Console.print(line.text)
        case .warning(let warning): Console.print("warning: \(warning.message)")
        case .artifact(let artifact):
            Console.print("artifact \(artifact.name): \(artifact.size) bytes, \(artifact.digest)")
        case .bootResult(let boot):
            Console.print("boot \(boot.firmware): \(boot.passed ? "passed" : "failed"), \(boot.reason)")
        case .stepProgress, .buildAccepted, .jobStateChanged, .buildEnded, .unknown: break
        }
    }

    private static func print(_ result: JobResult) {
        switch result.outcome {
        case .succeeded: Console.print("succeeded")
        case .cancelled(let cancellation): Console.print("cancelled: \(cancellation.reason)")
        case .failed(let failure):
            Console.print("failed (\(failure.cause.rawValue), \(failure.code)): \(failure.message)")
            for line in failure.excerpt { Console.print("  | \(line)") }
        }
    }
}
