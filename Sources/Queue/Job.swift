package import FactoryProtocol

/// One job's life: a value that is told what happened and answers what has to be done.
///
///     waiting → ready → leased → running → succeeded | failed | cancelled | expired
///                 ↑________|_________|  declined, or a failure that another attempt may not meet
///
/// No clock and no database inside; ``JobStore`` runs each event in one transaction.
package struct Job: Sendable, Equatable {
    /// A claim: who has the job.
    package struct Lease: Sendable, Equatable {
        /// The worker.
        package var worker: WorkerName
        /// Why it is to be ended, once somebody wants that.
        package var cancelReason: String?
    }

    /// How it ended.
    package struct End: Sendable, Equatable {
        /// A final state.
        package var state: JobState
        /// What the last attempt said, or what was decided without one.
        package var outcome: Outcome
        /// In words, for lists.
        package var reason: String?
        /// True when an earlier result was taken.
        package var isCached: Bool
    }

    /// Where the job is, with what is known there and only there.
    package enum State: Sendable, Equatable {
        case waiting
        case ready(notBefore: Timestamp)
        case leased(Lease)
        case running(Lease)
        case ended(End)

        /// The state as the wire names it.
        package var name: JobState {
            switch self {
            case .waiting: .waiting
            case .ready: .ready
            case .leased: .leased
            case .running: .running
            case .ended(let end): end.state
            }
        }
    }

    /// Which.
    package let id: JobID
    /// The current or last attempt, from 1; 0 before the first.
    package private(set) var attempt: Int
    /// How many there may be.
    package private(set) var maxAttempts: Int
    /// How often in a row workers did not take it.
    package private(set) var declines: Int
    /// The current or last claim.
    package private(set) var fence: Fence
    /// Where it is.
    package private(set) var state: State

    /// A job as the database has it.
    package init(
        id: JobID, attempt: Int = 0, maxAttempts: Int, declines: Int = 0, fence: Fence = Fence(0),
        state: State = .waiting
    ) {
        (self.id, self.attempt, self.maxAttempts, self.declines) = (id, attempt, maxAttempts, declines)
        (self.fence, self.state) = (fence, state)
    }

    /// The claim that may speak for the job now.
    package var lease: Lease? {
        switch state {
        case .leased(let lease), .running(let lease): lease
        case .waiting, .ready, .ended: nil
        }
    }
}

extension Job {
    /// What a job that is needed, a user or the farm makes of a job.
    package enum Move: Sendable, Equatable {
        /// Nothing to do.
        case unchanged
        /// It may be claimed from now on.
        case queue
        /// It is over: settle what needs it.
        case settle(End)
        /// Its worker has to end it; it stays claimed until that answers.
        case tellWorker(WorkerName, Claim)
    }

    /// What a worker's word makes of a job.
    package enum Verdict: Sendable, Equatable {
        /// The claim is not the current one: nothing changed.
        case superseded
        /// Already so: the answer of the first time was lost.
        case repeated
        /// The worker has it.
        case started
        /// It goes back, to be claimed again after a while.
        case requeue(after: Duration)
        /// It is over: settle what needs it.
        case settle(End)
    }

    /// The most attempts that a row holds.
    private static let mostAttempts = 1000

    /// Before every other time. A job that need not wait is not tied to the clock, which may be set back.
    private static let atOnce = Timestamp(milliseconds: 0)

    /// All jobs that it needs have succeeded.
    package mutating func needsMet() -> Move {
        guard case .waiting = state else { return .unchanged }
        state = .ready(notBefore: Self.atOnce)
        return .queue
    }

    /// A job that it needs ended without success.
    package mutating func neededJobEnded(_ name: String, as ending: JobState) -> Move {
        guard case .waiting = state else { return .unchanged }
        let reason = "needs \(name), which \(ending == .failed ? "failed" : "was \(ending.rawValue)")"
        return .settle(end(.cancelled, .cancelled(Cancellation(reason: reason, killed: false)), reason))
    }

    /// An earlier success with the same work and the same inputs is kept.
    package mutating func foundInCache(_ origin: JobID) -> Move {
        guard case .ready = state else { return .unchanged }
        return .settle(end(.succeeded, .succeeded, "taken from \(origin.rawValue)", isCached: true))
    }

    /// A worker is given the job; nil when it is not to be had.
    package mutating func claimed(
        by worker: WorkerName, at now: Timestamp, _ policy: RetryPolicy = RetryPolicy()
    ) -> Claim? {
        guard case .ready(let notBefore) = state, policy.isDue(notBefore, at: now) else { return nil }
        attempt += 1
        fence = Fence(fence.rawValue + 1)
        state = .leased(Lease(worker: worker, cancelReason: nil))
        return Claim(job: id, fence: fence)
    }

    /// What is to be done cannot be read. That counts as one attempt, and no other is made: it would read the same.
    package mutating func undecodable(_ failure: Failure) -> Move {
        switch state {
        case .ready: attempt += 1
        case .leased: break
        case .waiting, .running, .ended: return .unchanged
        }
        return .settle(end(.failed, .failed(failure), failure.message))
    }

    /// The worker took it.
    package mutating func accepted(_ fence: Fence) -> Verdict {
        guard fence == self.fence else { return .superseded }
        switch state {
        case .leased(let lease):
            state = .running(lease)
            declines = 0
            return .started
        case .running: return .repeated
        case .waiting, .ready, .ended: return .superseded
        }
    }

    /// The worker did not take it, or never heard of it. The attempt does not count, unless nobody ever takes it.
    package mutating func declined(
        _ fence: Fence, because reason: String, at now: Timestamp, _ policy: RetryPolicy
    ) -> Verdict {
        guard fence == self.fence, case .leased(let lease) = state else { return .superseded }
        declines += 1
        if declines >= policy.declines {
            declines = 0
            let failure = Failure(cause: .worker, code: "declined", message: reason)
            return finished(fence, .failed(failure), at: now, policy)
        }
        attempt -= 1
        if let reason = lease.cancelReason { return .settle(cancelled(reason, killed: false)) }
        let delay = policy.delay(afterDecline: declines)
        state = .ready(notBefore: now.advanced(by: delay))
        return .requeue(after: delay)
    }

    /// The worker says how the attempt ended.
    package mutating func finished(
        _ fence: Fence, _ outcome: Outcome, at now: Timestamp, _ policy: RetryPolicy
    ) -> Verdict {
        guard fence == self.fence else { return .superseded }
        if case .ended = state { return .repeated }
        guard let lease else { return .superseded }
        switch outcome {
        case .succeeded:
            return .settle(end(.succeeded, outcome, nil))
        case .cancelled(let cancellation):
            return .settle(end(.cancelled, outcome, cancellation.reason))
        case .failed(let failure):
            if let reason = lease.cancelReason { return .settle(cancelled(reason, killed: false)) }
            guard failure.mayRetry else { return .settle(end(.failed, outcome, failure.message)) }
            guard attempt < maxAttempts else { return .settle(end(.expired, outcome, failure.message)) }
            let delay = policy.delay(after: attempt)
            state = .ready(notBefore: now.advanced(by: delay))
            return .requeue(after: delay)
        }
    }

    /// The worker that had it was silent for too long, or came back without it.
    package mutating func workerLost(
        _ fence: Fence, _ failure: Failure, at now: Timestamp, _ policy: RetryPolicy
    ) -> Verdict {
        finished(fence, .failed(failure), at: now, policy)
    }

    /// Somebody wants it ended.
    package mutating func cancelRequested(_ reason: String) -> Move {
        switch state {
        case .waiting, .ready:
            return .settle(cancelled(reason, killed: false))
        case .leased(var lease):
            lease.cancelReason = lease.cancelReason ?? reason
            state = .leased(lease)
            return .tellWorker(lease.worker, Claim(job: id, fence: fence))
        case .running(var lease):
            lease.cancelReason = lease.cancelReason ?? reason
            state = .running(lease)
            return .tellWorker(lease.worker, Claim(job: id, fence: fence))
        case .ended:
            return .unchanged
        }
    }

    /// Somebody wants it tried again after its end: as many attempts as in the beginning.
    package mutating func retried(attempts: Int, needsMet: Bool) -> Move {
        guard case .ended(let end) = state, end.state != .succeeded else { return .unchanged }
        maxAttempts = attempt + attempts
        state = needsMet ? .ready(notBefore: Self.atOnce) : .waiting
        return .queue
    }

    /// The database was restored from an older copy, and the log of the build tells of attempts that the copy does not know.
    ///
    /// The next attempt gets a number above those: under a number that is in the log already its first events would be taken
    /// for sent again, and dropped. What is not known any more uses up no attempt.
    ///
    /// - Parameters:
    ///   - knownAttempt: The highest number of an attempt in the log.
    ///   - isClaimOver: Whether the log tells that the claim has ended.
    /// - Returns: `queue` when a claimed job goes back, `settle` when somebody wanted it ended, else `unchanged`.
    package mutating func restored(knownAttempt: Int, isClaimOver: Bool) -> Move {
        guard let lease else {
            raise(to: knownAttempt, left: maxAttempts - attempt)
            return .unchanged
        }
        guard isClaimOver else { return .unchanged }
        raise(to: knownAttempt, left: maxAttempts - attempt + 1)
        declines = 0
        if let reason = lease.cancelReason { return .settle(cancelled(reason, killed: false)) }
        state = .ready(notBefore: Self.atOnce)
        return .queue
    }

    private mutating func raise(to known: Int, left: Int) {
        attempt = max(attempt, min(known, Self.mostAttempts - 1))
        maxAttempts = min(attempt + left, Self.mostAttempts)
    }

    private mutating func cancelled(_ reason: String, killed: Bool) -> End {
        end(.cancelled, .cancelled(Cancellation(reason: reason, killed: killed)), reason)
    }

    private mutating func end(_ ending: JobState, _ outcome: Outcome, _ reason: String?, isCached: Bool = false) -> End
    {
        let end = End(state: ending, outcome: outcome, reason: reason, isCached: isCached)
        state = .ended(end)
        return end
    }
}
