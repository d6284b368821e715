import IO
import Processes

/// Why a job's spool or process could not be used.
package struct ExecutionError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it is; stable, compare by it.
    package struct Code: RawRepresentable, Hashable, Sendable {
        package let rawValue: String
        package init(rawValue: String) { self.rawValue = rawValue }

        /// There is no spool, or no order in it.
        package static let noSpool = Code(rawValue: "no-spool")
        /// The spool is there already.
        package static let spoolExists = Code(rawValue: "spool-exists")
        /// `job.json` or `result.json` cannot be read as what it should be.
        package static let badSpool = Code(rawValue: "bad-spool")
        /// Another process runs this job.
        package static let alreadyRunning = Code(rawValue: "already-running")
        /// The job has a result already.
        package static let alreadyEnded = Code(rawValue: "already-ended")
        /// The disk that holds the spool is full.
        package static let diskFull = Code(rawValue: "disk-full")
        /// The job's process could not be started, adopted, signalled or waited for.
        package static let processFailed = Code(rawValue: "process-failed")
        /// A file of the spool could not be read or written.
        package static let spoolFailed = Code(rawValue: "spool-failed")
    }

    package let code: Code
    /// A sentence that names the spool and what happened.
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    init(_ error: IOError) {
        let code: Code =
            switch error.code {
            case .noSpace: .diskFull
            case .notFound: .noSpool
            case .exists: .spoolExists
            default: .spoolFailed
            }
        self.init(code, error.message)
    }

    init(_ error: ProcessError) { self.init(.processFailed, error.message) }

    package var description: String { message }
}
