package import JSON

/// Asks for a build. Durable before it is answered.
package struct Submit: Message, Equatable {
    /// The description, as it was written: the server validates it and names every problem.
    package var spec: JSONValue
    /// The same key gets the same answer; at most 200 bytes.
    package var idempotencyKey: String
    /// Make everything again, whatever is kept.
    package var noCache: Bool

    package init(
        spec: JSONValue, idempotencyKey: String, noCache: Bool = false
    ) {
        self.spec = spec
        self.idempotencyKey = idempotencyKey
        self.noCache = noCache
    }

    package static let type = "submit"
}

/// The build is on disk.
package struct Submitted: Message, Equatable {
    /// Its identifier.
    package var build: BuildID
    /// SHA-256 of the description in canonical form.
    package var specDigest: String
    /// Its jobs.
    package var jobs: [JobSummary]
    /// True when this key was answered before.
    package var repeated: Bool
    /// How many jobs are ahead of its first one.
    package var position: Int
    /// What the user should know at once, for example that no worker can ever run a job.
    package var warnings: [Warning]

    package init(
        build: BuildID, specDigest: String, jobs: [JobSummary], repeated: Bool, position: Int, warnings: [Warning] = []
    ) {
        self.build = build
        self.specDigest = specDigest
        self.jobs = jobs
        self.repeated = repeated
        self.position = position
        self.warnings = warnings
    }

    package static let type = "submitted"
}
