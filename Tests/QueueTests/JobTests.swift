import FactoryProtocol
import FactoryQueue
import Testing

@Suite struct JobTests {
    private let now = Timestamp(milliseconds: 1_000_000)
    private let policy = RetryPolicy()
    private let worker = WorkerName("w1")

    private func ready() -> Job {
        var job = Job(id: JobID("B.image"), maxAttempts: 3)
        #expect(job.needsMet() == .queue)
        return job
    }

    private func running() -> Job {
        var job = ready()
        let claim = job.claimed(by: worker, at: now)
        #expect(claim?.fence == Fence(1))
        #expect(job.accepted(Fence(1)) == .started)
        return job
    }

    private func failure(_ cause: Failure.Cause) -> Outcome {
        .failed(Failure(cause: cause, code: "c", message: "m"))
    }

    @Test func aJobIsClaimedOnce() {
        var job = ready()
        #expect(job.claimed(by: worker, at: now) == Claim(job: job.id, fence: Fence(1)))
        #expect(job.claimed(by: WorkerName("w2"), at: now) == nil)
        #expect(job.attempt == 1)
    }

    @Test func aJobThatNeedNotWaitIsClaimedAlsoWhenTheClockIsSetBack() {
        var job = ready()
        #expect(job.claimed(by: worker, at: Timestamp(milliseconds: 1)) != nil)
    }

    @Test func aJobIsNotClaimedBeforeItsTime() {
        var job = running()
        #expect(job.finished(Fence(1), failure(.infrastructure), at: now, policy) == .requeue(after: .seconds(10)))
        #expect(job.claimed(by: worker, at: now.advanced(by: .seconds(9))) == nil)
        #expect(job.claimed(by: worker, at: now.advanced(by: .seconds(10)))?.fence == Fence(2))
    }

    @Test func aWaitBeyondTheLongestIsOver() {
        var job = running()
        #expect(job.finished(Fence(1), failure(.infrastructure), at: now, policy) == .requeue(after: .seconds(10)))
        // The clock was in the future when the wait began.
        #expect(job.claimed(by: worker, at: Timestamp(milliseconds: 1), policy) != nil)
    }

    @Test func aResultThatDoesNotFitIntoTheStoreIsNotMadeAgain() {
        var job = running()
        let outcome = Outcome.failed(Failure(cause: .infrastructure, code: "disk-full", message: "m"))
        guard case .settle(let end) = job.finished(Fence(1), outcome, at: now, policy) else {
            Issue.record("it is tried again")
            return
        }
        #expect(end.state == .failed)
        // The spool of another worker may have room.
        var other = running()
        let spool = Outcome.failed(Failure(cause: .worker, code: "disk-full", message: "m"))
        #expect(other.finished(Fence(1), spool, at: now, policy) == .requeue(after: .seconds(10)))
    }

    @Test(arguments: [Failure.Cause.worker, .infrastructure])
    func whatTheMachineCausedIsTriedThreeTimes(cause: Failure.Cause) {
        var job = running()
        var at = now
        #expect(job.finished(Fence(1), failure(cause), at: at, policy) == .requeue(after: .seconds(10)))
        at = at.advanced(by: .seconds(60))
        _ = job.claimed(by: worker, at: at)
        #expect(job.finished(Fence(2), failure(cause), at: at, policy) == .requeue(after: .seconds(20)))
        at = at.advanced(by: .seconds(60))
        _ = job.claimed(by: worker, at: at)
        guard case .settle(let end) = job.finished(Fence(3), failure(cause), at: at, policy) else {
            Issue.record("a fourth attempt")
            return
        }
        #expect(end.state == .expired)
        #expect(end.reason == "m")
    }

    @Test(arguments: [Failure.Cause.spec, .internal])
    func whatTheSpecCausedIsNotTriedAgain(cause: Failure.Cause) {
        var job = running()
        guard case .settle(let end) = job.finished(Fence(1), failure(cause), at: now, policy) else {
            Issue.record("tried again")
            return
        }
        #expect(end.state == .failed)
    }

    @Test func anOldFenceChangesNothing() {
        var job = running()
        _ = job.workerLost(Fence(1), Failure(cause: .worker, code: "worker-lost", message: "m"), at: now, policy)
        _ = job.claimed(by: WorkerName("w2"), at: now.advanced(by: .seconds(10)))
        let before = job
        #expect(job.accepted(Fence(1)) == .superseded)
        #expect(job.declined(Fence(1), because: "r", at: now, policy) == .superseded)
        #expect(job.finished(Fence(1), .succeeded, at: now, policy) == .superseded)
        #expect(job == before)
    }

    @Test func sayingFinishedTwiceIsHarmless() {
        var job = running()
        guard case .settle = job.finished(Fence(1), .succeeded, at: now, policy) else {
            Issue.record("not settled")
            return
        }
        let before = job
        #expect(job.finished(Fence(1), failure(.spec), at: now, policy) == .repeated)
        #expect(job == before)
    }

    @Test func aDeclinedClaimIsNoAttempt() {
        var job = ready()
        _ = job.claimed(by: worker, at: now)
        #expect(job.declined(Fence(1), because: "r", at: now, policy) == .requeue(after: .seconds(5)))
        #expect(job.attempt == 0)
        #expect(job.claimed(by: worker, at: now.advanced(by: .seconds(5)))?.fence == Fence(2))
        #expect(job.attempt == 1)
    }

    @Test func whatNobodyTakesCountsAsAttemptsInTheEnd() {
        var job = ready()
        var at = now
        var pauses: [Duration] = []
        while true {
            at = at.advanced(by: .seconds(600))
            guard let claim = job.claimed(by: worker, at: at) else { break }
            switch job.declined(claim.fence, because: "no room", at: at, policy) {
            case .requeue(let pause): pauses.append(pause)
            case .settle(let end):
                #expect(end.state == .expired)
                #expect(end.reason == "no room")
            case .superseded, .repeated, .started: Issue.record("not heard")
            }
        }
        #expect(pauses.count == 3 * policy.declines - 1)
        #expect(pauses.prefix(4) == [.seconds(5), .seconds(10), .seconds(20), .seconds(40)])
        #expect(job.attempt == 3)
    }

    @Test func cancellingWhatNobodyHasEndsItAtOnce() {
        var job = ready()
        guard case .settle(let end) = job.cancelRequested("alice") else {
            Issue.record("not settled")
            return
        }
        #expect(end.state == .cancelled)
        #expect(job.claimed(by: worker, at: now) == nil)
    }

    @Test func cancellingARunningJobWaitsForItsWorker() {
        var job = running()
        #expect(job.cancelRequested("alice") == .tellWorker(worker, Claim(job: job.id, fence: Fence(1))))
        #expect(job.state.name == .running)
        let told = Outcome.cancelled(Cancellation(reason: "alice", killed: true))
        guard case .settle(let end) = job.finished(Fence(1), told, at: now, policy) else {
            Issue.record("not settled")
            return
        }
        #expect(end.state == .cancelled)
        #expect(end.outcome == told)
    }

    @Test func aCancelledJobWhoseWorkerDiesIsNotTriedAgain() {
        var job = running()
        _ = job.cancelRequested("alice")
        let lost = Failure(cause: .worker, code: "worker-lost", message: "m")
        guard case .settle(let end) = job.workerLost(Fence(1), lost, at: now, policy) else {
            Issue.record("tried again")
            return
        }
        #expect(end.state == .cancelled)
    }

    @Test func successThatRacedACancellationCounts() {
        var job = running()
        _ = job.cancelRequested("alice")
        guard case .settle(let end) = job.finished(Fence(1), .succeeded, at: now, policy) else {
            Issue.record("not settled")
            return
        }
        #expect(end.state == .succeeded)
    }

    @Test func aJobIsGivenUpWithWhatItNeeds() {
        var job = Job(id: JobID("B.iso"), maxAttempts: 3)
        guard case .settle(let end) = job.neededJobEnded("image", as: .failed) else {
            Issue.record("not settled")
            return
        }
        #expect(end.state == .cancelled)
        #expect(end.reason == "needs image, which failed")
    }

    @Test func retryGivesNewAttemptsAndKeepsTheNumbering() {
        var job = running()
        _ = job.finished(Fence(1), failure(.spec), at: now, policy)
        #expect(job.retried(attempts: 3, needsMet: true) == .queue)
        #expect(job.maxAttempts == 4)
        #expect(job.claimed(by: worker, at: now)?.fence == Fence(2))
        #expect(job.attempt == 2)
        var done = running()
        _ = done.finished(Fence(1), .succeeded, at: now, policy)
        #expect(done.retried(attempts: 3, needsMet: true) == .unchanged)
    }

    /// Random walks over all events: what must hold after every single one.
    @Test func noWalkBreaksTheRules() {
        let seed = UInt64.random(in: 1...UInt64.max)
        var random = SplitMix(state: seed)
        for _ in 0..<2000 {
            var job = Job(id: JobID("B.x"), maxAttempts: 3)
            var at = now
            var ended: Job.State?
            for _ in 0..<30 {
                let before = job
                let fence = Fence(Int64(random.next() % 4))
                at = at.advanced(by: .seconds(Int(random.next() % 200)))
                switch random.next() % 8 {
                case 0: _ = job.needsMet()
                case 1: _ = job.claimed(by: worker, at: at)
                case 2: _ = job.accepted(fence)
                case 3: _ = job.declined(fence, because: "r", at: at, policy)
                case 4: _ = job.finished(fence, failure(.infrastructure), at: at, policy)
                case 5: _ = job.finished(fence, .succeeded, at: at, policy)
                case 6: _ = job.neededJobEnded("n", as: .failed)
                default: _ = job.cancelRequested("r")
                }
                #expect(job.attempt <= job.maxAttempts, "seed \(seed)")
                #expect(job.fence >= before.fence, "seed \(seed)")
                #expect(job.fence.rawValue - before.fence.rawValue <= 1, "seed \(seed)")
                if let ended { #expect(job.state == ended, "an end changed; seed \(seed)") }
                if case .ended = job.state { ended = job.state }
            }
        }
    }
}

/// A small generator with a seed that a failure can print.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
