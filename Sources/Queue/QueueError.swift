package import SQLite

/// Why the queue did not do what was asked.
package struct QueueError: Error, Sendable, CustomStringConvertible {
    /// A stable name, sent to peers.
    package struct Code: Sendable, Hashable {
        /// Kebab case.
        package let rawValue: String

        /// No build has this identifier, or begins with it.
        package static let unknownBuild = Code(rawValue: "unknown-build")
        /// Several builds begin with what was given.
        package static let ambiguousBuild = Code(rawValue: "ambiguous-build")
        /// No job has this identifier.
        package static let unknownJob = Code(rawValue: "unknown-job")
        /// No worker has registered under this name, or it was forgotten.
        package static let unknownWorker = Code(rawValue: "unknown-worker")
        /// The idempotency key was used for another description.
        package static let keyReused = Code(rawValue: "key-reused")
        /// The idempotency key is empty or too long.
        package static let badKey = Code(rawValue: "bad-key")
        /// The build still runs, so there is nothing to try again.
        package static let notEnded = Code(rawValue: "not-ended")
        /// A stored value cannot be read: written by another release, or damaged.
        package static let unreadable = Code(rawValue: "unreadable-row")

        /// There is no room for it on the disk; nothing was written.
        package static let diskFull = Code(rawValue: "disk-full")

        /// A failure of the database, by its own code.
        package init(_ code: SQLiteError.Code) { rawValue = code == .full ? "disk-full" : code.rawValue }

        private init(rawValue: String) { self.rawValue = rawValue }
    }

    /// The kind of failure.
    package let code: Code
    /// A sentence that names the thing and the value.
    package let message: String
    /// What the database said.
    package let cause: SQLiteError?

    /// An error by its code and sentence.
    package init(_ code: Code, _ message: String, cause: SQLiteError? = nil) {
        (self.code, self.message, self.cause) = (code, message, cause)
    }

    /// What any failure inside a transaction is told as.
    init(_ error: any Error) {
        switch error {
        case let error as QueueError: self = error
        case let error as SQLiteError: self.init(Code(error.code), Self.sentence(error), cause: error)
        default: self.init(.unreadable, "\(error)")
        }
    }

    /// What a failure at the start is told as: which file it is, and what helps.
    init(opening path: String, _ error: any Error) {
        guard let error = error as? SQLiteError, error.code == .corrupt else {
            self.init(error)
            return
        }
        self.init(
            Code(error.code),
            "the queue's database \(path) is damaged: \(error). Remove it with its -wal and -shm, and put a copy in its place "
                + "that 'factoryd --backup' wrote (see Backup in docs/operating.md)",
            cause: error)
    }

    package var description: String { message }

    private static func sentence(_ error: SQLiteError) -> String {
        error.code == .full
            ? "the disk of the queue is full: nothing was accepted; make room and ask again"
            : "the queue's database failed: \(error)"
    }
}
