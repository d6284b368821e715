package import FactoryProtocol

/// What a build's jobs say of the build: a pure function.
package struct BuildProgress: Sendable, Equatable {
    /// A job, as far as the build's end depends on it.
    package struct Member: Sendable, Equatable {
        /// Which.
        package var job: JobID
        /// Its name within the build.
        package var name: String
        /// Where it is.
        package var state: JobState
        /// Its last attempt.
        package var attempt: Int
        /// How it ended.
        package var outcome: Outcome?
        /// The same in words.
        package var reason: String?

        /// A job by its parts.
        package init(
            job: JobID, name: String, state: JobState, attempt: Int = 0, outcome: Outcome? = nil, reason: String? = nil
        ) {
            (self.job, self.name, self.state, self.attempt) = (job, name, state, attempt)
            (self.outcome, self.reason) = (outcome, reason)
        }
    }

    private let members: [Member]

    /// The jobs, in the order of the plan.
    package init(_ members: [Member]) { self.members = members }

    /// Where the build is.
    package var state: BuildState {
        if members.allSatisfy(\.state.isFinal) {
            switch decider?.state {
            case nil: return .succeeded
            case .failed: return .failed
            case .expired: return .expired
            default: return .cancelled
            }
        }
        // A job that went back to the queue, or waits for a worker after the one before it, is in the queue like any other.
        return members.contains { $0.state == .leased || $0.state == .running } ? .running : .queued
    }

    /// How the build ended; nil while a job may still move.
    package func verdict(milliseconds: Int64, artifacts: [Artifact]) -> Verdict? {
        guard members.allSatisfy(\.state.isFinal) else { return nil }
        let deliverables = artifacts.filter(\.role.isDeliverable)
        guard let decider else {
            return Verdict(
                result: .succeeded, message: "all \(members.count) jobs succeeded", milliseconds: milliseconds,
                artifacts: deliverables)
        }
        var failure: Failure?
        if case .failed(let found) = decider.outcome { failure = found }
        return Verdict(
            result: result(of: decider, failure), cause: failure?.cause, code: failure?.code,
            message: message(of: decider), job: decider.job, attempt: decider.attempt, milliseconds: milliseconds,
            artifacts: deliverables, failure: failure)
    }

    /// The first job in the plan that did not succeed: those after it were given up for its sake, or failed beside it.
    private var decider: Member? { members.first { $0.state.isFinal && $0.state != .succeeded } }

    private func result(of member: Member, _ failure: Failure?) -> Verdict.Result {
        switch member.state {
        case .cancelled: .cancelled
        case .expired: failure?.code == "timed-out" ? .expired : .infrastructure
        // The description is not at fault, although no other attempt was made: it would have ended the same way.
        case .failed where failure?.cause.mayRetry == true: .infrastructure
        case .waiting, .ready, .leased, .running, .succeeded, .failed: .failed
        }
    }

    private func message(of member: Member) -> String {
        let reason = member.reason ?? "no reason was given"
        return switch member.state {
        case .expired: "\(member.name) failed in each of \(member.attempt) attempts: \(reason)"
        case .cancelled: "cancelled: \(reason)"
        case .waiting, .ready, .leased, .running, .succeeded, .failed: "\(member.name) failed: \(reason)"
        }
    }
}
