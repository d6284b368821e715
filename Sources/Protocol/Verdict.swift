/// How a build ended: what the one last line of every watcher says.
package struct Verdict: Codable, Sendable, Equatable {
    /// In a word.
    package var result: Result
    /// Who is at fault, when it failed.
    package var cause: Failure.Cause?
    /// The failure in a stable name.
    package var code: String?
    /// One sentence for people.
    package var message: String
    /// The job that decided it.
    package var job: JobID?
    /// Which attempt of it.
    package var attempt: Int?
    /// From acceptance to the end.
    package var milliseconds: Int64
    /// What users asked for, made.
    package var artifacts: [Artifact]
    /// The whole failure, with the tool's own words.
    package var failure: Failure?

    package init(
        result: Result, cause: Failure.Cause? = nil, code: String? = nil, message: String, job: JobID? = nil,
        attempt: Int? = nil, milliseconds: Int64, artifacts: [Artifact] = [], failure: Failure? = nil
    ) {
        self.result = result
        self.cause = cause
        self.code = code
        self.message = message
        self.job = job
        self.attempt = attempt
        self.milliseconds = milliseconds
        self.artifacts = artifacts
        self.failure = failure
    }

    /// In a word. The exit statuses of `factoryctl watch` follow from it.
    package enum Result: String, Codable, Sendable, CaseIterable {
        case succeeded
        /// The description, or a defect, made it fail.
        case failed
        case cancelled
        /// Out of time.
        case expired
        /// Worker or infrastructure failed until no attempt was left, or so that none would have helped.
        case infrastructure
    }
}
