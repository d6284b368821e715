import FactoryProtocol
import SQLite

/// How a job ended, as its row has it.
///
/// An end that cannot be read is a failure, whatever the row says beside it: nobody can tell what the job made.
struct StoredOutcome {
    let state: JobState
    let outcome: Outcome?
    let reason: String?
    /// The failure that stands in the place of what cannot be read; nil when the end can be read, or there is none yet.
    let failure: Failure?

    init(_ job: JobID, _ state: JobState, _ stored: Stored<JSONColumn<Outcome>?>, reason: String?) {
        guard state.isFinal, let fault = stored.fault else {
            (self.state, outcome, self.reason, failure) = (state, (stored.value ?? nil)?.value, reason, nil)
            return
        }
        let failure = Failure(
            cause: .internal, code: "undecodable-outcome",
            message: "job \(job.rawValue): how it ended cannot be read: \(fault). Retry the build")
        (self.state, outcome, self.reason, self.failure) = (.failed, .failed(failure), failure.message, failure)
    }
}

extension Connection {
    /// The jobs of a build as far as the build's end depends on them, in the order of the plan.
    ///
    /// - Returns: The jobs, and the first of them whose end cannot be read.
    borrowing func members(ofBuild build: BuildID) throws -> (all: [BuildProgress.Member], undecodable: JobID?) {
        let rows: [(JobID, String, JobState, Int, Stored<JSONColumn<Outcome>?>, String?)] = try all(
            "SELECT id, name, state, attempt, outcome_json, reason FROM jobs WHERE build = ? ORDER BY place", build)
        var undecodable: JobID?
        let members = rows.map { job, name, state, attempt, outcome, reason in
            let end = StoredOutcome(job, state, outcome, reason: reason)
            if end.failure != nil { undecodable = undecodable ?? job }
            return BuildProgress.Member(
                job: job, name: name, state: end.state, attempt: attempt, outcome: end.outcome, reason: end.reason)
        }
        return (members, undecodable)
    }

    /// How a build ended; nil while it has not. One that cannot be read is what its jobs say.
    borrowing func verdict(of build: BuildID) throws -> FactoryProtocol.Verdict? {
        let (stored, submittedAt, endedAt): (Stored<JSONColumn<FactoryProtocol.Verdict>?>, Timestamp, Timestamp?) =
            try one("SELECT verdict_json, submitted_at, ended_at FROM builds WHERE id = ?", build)
        if case .decoded(let verdict) = stored { return verdict?.value }
        return BuildProgress(try members(ofBuild: build).all).verdict(
            milliseconds: (endedAt ?? submittedAt).milliseconds
                .subtractingReportingOverflow(submittedAt.milliseconds).partialValue,
            artifacts: try artifacts(ofBuild: build).readable.map(\.artifact))
    }
}
