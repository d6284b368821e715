package import FactoryProtocol
package import FactorySpec

/// A build that a user asks for, validated and planned.
package struct Submission: Sendable {
    /// The description with every default filled in.
    package var spec: BuildSpec
    /// Its jobs.
    package var plan: Plan
    /// The same key of the same user gets the same answer; 1 to 200 bytes.
    package var idempotencyKey: String
    /// Take no earlier result.
    package var noCache: Bool
    /// Who asks, as the socket told.
    package var user: String

    /// A submission by its parts.
    package init(spec: BuildSpec, plan: Plan, idempotencyKey: String, noCache: Bool, user: String) {
        (self.spec, self.plan, self.idempotencyKey) = (spec, plan, idempotencyKey)
        (self.noCache, self.user) = (noCache, user)
    }
}

/// The durable answer to a submission.
package struct Receipt: Sendable, Equatable {
    /// The build.
    package var build: BuildID
    /// SHA-256 of the description in canonical form.
    package var specDigest: String
    /// Its jobs.
    package var jobs: [JobSummary]
    /// True when the key was answered before.
    package var isRepeated: Bool
    /// What the plan says the user should know.
    package var warnings: [Warning]
}
