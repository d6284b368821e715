import Glibc

/// Why a program could not be started, read or brought to its end.
package struct ProcessError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it is; stable, for comparing and for the wire.
    package struct Code: RawRepresentable, Hashable, Sendable {
        package let rawValue: String
        package init(rawValue: String) { self.rawValue = rawValue }

        /// No program of that name in the search path, or no file at that path.
        package static let programNotFound = Code(rawValue: "program-not-found")
        /// The same for a program that is to run in another root directory.
        package static let programNotInRoot = Code(rawValue: "program-not-in-root")
        /// The kernel refused a step between the decision to start a program and its first instruction.
        package static let spawnFailed = Code(rawValue: "spawn-failed")
        /// The program did not end in time, and was ended.
        package static let deadlinePassed = Code(rawValue: "deadline-passed")
        /// The task that ran the program was cancelled, and the program was ended.
        package static let cancelled = Code(rawValue: "cancelled")
        /// The program wrote more than the caller wants to hold, and was ended.
        package static let outputTooLarge = Code(rawValue: "output-too-large")
        /// The program ended with something else than exit status 0.
        package static let programFailed = Code(rawValue: "program-failed")
        /// A pipe, terminal, file or pidfd of a program could not be made, opened, read or watched.
        package static let systemCallFailed = Code(rawValue: "system-call-failed")
    }

    package let code: Code
    /// A sentence that names the program and what happened to it.
    package let message: String
    /// The step at which the start failed, when `code` is `spawnFailed` or `programNotFound`.
    package let stage: SpawnStage?
    /// The `errno` behind it, 0 where there is none.
    package let errno: Int32
    /// How the program ended, when it ran at all.
    package let status: ProcessStatus?
    /// The last lines of what the program said, when it ran at all.
    package let lastLines: [String]

    init(
        _ code: Code, _ message: String, stage: SpawnStage? = nil, errno: Int32 = 0, status: ProcessStatus? = nil,
        lastLines: [String] = []
    ) {
        self.code = code
        self.message = message
        self.stage = stage
        self.errno = errno
        self.status = status
        self.lastLines = lastLines
    }

    package var description: String { message }

    /// A failed system call: `what` says in words what was tried.
    static func system(_ what: String, _ errno: Int32) -> ProcessError {
        ProcessError(.systemCallFailed, "\(what): \(text(errno))", errno: errno)
    }

    static func text(_ errno: Int32) -> String {
        guard let text = strerror(errno) else { return "error \(errno)" }
        return String(cString: text)
    }
}
