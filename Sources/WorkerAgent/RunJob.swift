import Arguments
import FactoryArtifacts
import FactoryConversion
import FactoryExecution
import FactoryProtocol
import FactorySpec
import Terminal

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
            Console.complain(Neutralized.text("factory-worker: \(error)"))
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

    // MARK: For people at a terminal

    private static func print(_ kind: Event.Kind) { for line in lines(of: kind) { Console.print(line) } }

    private static func print(_ result: JobResult) { for line in lines(of: result) { Console.print(line) } }

    /// An event in lines that do nothing to the terminal: tools and guests wrote most of their words.
    static func lines(of kind: Event.Kind) -> [String] {
        let line: String
        switch kind {
        case .stepStarted(let step): line = "== \(step.step): \(step.title)"
        case .stepFinished(let step):
            let note = step.note.map { ": \($0)" } ?? ""
            line = "== \(step.step): \(step.result.rawValue) after \(step.milliseconds) ms\(note)"
        case .log(let log): line = log.text
        case .warning(let warning): line = "warning: \(warning.message)"
        case .artifact(let artifact): line = "artifact \(artifact.name): \(artifact.size) bytes, \(artifact.digest)"
        case .bootResult(let boot):
            line = "boot \(boot.firmware): \(boot.passed ? "passed" : "failed"), \(boot.reason)"
        case .stepProgress, .buildAccepted, .jobStateChanged, .buildEnded, .unknown: return []
        }
        return [Neutralized.text(line)]
    }

    /// The end of a job in such lines.
    static func lines(of result: JobResult) -> [String] {
        let lines: [String] =
            switch result.outcome {
            case .succeeded: ["succeeded"]
            case .cancelled(let cancellation): ["cancelled: \(cancellation.reason)"]
            case .failed(let failure):
                ["failed (\(failure.cause.rawValue), \(failure.code)): \(failure.message)"]
                    + failure.excerpt.map { "  | \($0)" }
            }
        return lines.map(Neutralized.text)
    }
}
