import FactoryExecution
import FactoryProtocol
import IO
import Processes

/// A program that makes an artifact, run so that its words and its failures reach the user.
struct Tool {
    /// Where the lines go, except those of progress.
    var step: StepReport
    /// Seconds since 1970 that the tool shall take for now.
    var time: Int64
    /// How long a tool may run.
    var limit = Duration.seconds(1800)

    /// A program with the environment that makes its results depend on its inputs only.
    func command(_ name: String, _ arguments: [String], root: String? = nil) -> Command {
        var environment = Command.plainEnvironment
        environment["SOURCE_DATE_EPOCH"] = String(time)
        environment["TZ"] = "UTC"
        return Command(name, arguments, environment: environment, root: root)
    }

    /// Runs a program to success. A line that `progress` takes is not logged.
    ///
    /// - Throws: `JobFailure` with the tool's own words; `CancellationError`.
    func run(_ command: Command, progress: (String) -> Bool = { _ in false }) async throws {
        step.log("$ " + command.shellText)
        do {
            try await command.runSuccessfully(until: .in(limit)) { line in
                let text = line.text
                if text.isEmpty || progress(text) { return }
                step.log(text)
            }
        } catch {
            throw Tool.failure(error)
        }
    }

    /// What the failure of a program means for the job.
    static func failure(_ error: ProcessError) -> any Error {
        switch error.code {
        case .cancelled:
            return CancellationError()
        case .programNotFound:
            return JobFailure(.worker, "tool-missing", error.message)
        case .programNotInRoot:
            return JobFailure(.spec, "program-missing", error.message)
        case .programFailed:
            if error.status?.isSignal == true {
                return JobFailure(
                    .worker, "tool-killed", error.message, excerpt: error.lastLines,
                    exitStatus: error.status?.description)
            }
            let isFull = error.lastLines.contains { $0.contains("No space left on device") }
            return JobFailure(
                isFull ? .worker : .internal, isFull ? "disk-full" : "tool-failed", error.message,
                excerpt: error.lastLines, exitStatus: error.status?.description)
        default:
            return JobFailure(.worker, error.code.rawValue, error.message, excerpt: error.lastLines)
        }
    }

    /// What a failed file operation means for the job: a full disk is the worker's, everything else a defect.
    static func failure(_ error: IOError) -> JobFailure {
        error.code == .noSpace
            ? JobFailure(.worker, "disk-full", error.message) : JobFailure(.internal, "file-failed", error.message)
    }
}
