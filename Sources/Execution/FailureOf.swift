package import FactoryProtocol
import IO
import Processes

extension Failure {
    /// What a job's failure says of an error that its body threw: who is at fault, and in which words.
    init(of error: any Error) {
        switch error {
        case let error as JobFailure: self = error.failure
        case let error as ProcessError: self.init(process: error)
        case let error as IOError: self.init(file: error)
        case let error as ExecutionError:
            self.init(
                cause: .worker, code: error.code.rawValue, message: error.message)
        default:
            self.init(cause: .internal, code: "unexpected", message: "\(error)")
        }
    }

    private init(process error: ProcessError) {
        let (cause, code): (Cause, String) =
            switch error.code {
            case .programNotFound: (.worker, "tool-missing")
            // Every worker gets the same tree: none has the program there.
            case .programNotInRoot: (.spec, "program-missing")
            case .deadlinePassed: (.worker, "tool-timeout")
            case .programFailed:
                // A signal comes from outside of the tool: memory ran out, or somebody killed it.
                if case .signalled = error.status { (.worker, "tool-killed") } else { (.internal, "tool-failed") }
            default: (.worker, error.code.rawValue)
            }
        self.init(
            cause: cause, code: code, message: error.message, excerpt: error.lastLines,
            exitStatus: error.status?.description)
    }

    private init(file error: IOError) {
        self.init(
            cause: .worker, code: error.code == .noSpace ? "disk-full" : "file-failed", message: error.message)
    }

    /// The same failure, blamed on the disk where that is what it is.
    ///
    /// Tools say it in their own words, and a full disk makes them fail in strange ways; a description is never at fault
    /// for it.
    package func considering(freeBytes: Int64?, in place: String) -> Failure {
        let words = excerpt + [message]
        let isFull =
            code == "disk-full" || words.contains { $0.contains("No space left on device") }
            || (freeBytes.map { $0 < 1 << 20 } ?? false)
        guard isFull else { return self }
        var failure = self
        failure.cause = .worker
        failure.code = "disk-full"
        if code != "disk-full" || !message.contains(place) {
            let left = freeBytes.map { " (\($0 / 1024) KiB left)" } ?? ""
            failure.message = "The disk of the worker's spool \(place) is full\(left): \(message)"
        }
        return failure
    }
}
