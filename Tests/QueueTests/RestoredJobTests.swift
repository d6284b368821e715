import FactoryProtocol
import Testing

@testable import FactoryQueue

/// What becomes of a job in a database that was restored from an older copy.
@Suite struct RestoredJobTests {
    private static let id = JobID("B.image")
    private static let lease = Job.Lease(worker: WorkerName("w1"), cancelReason: nil)
    private static let failed = Job.State.ended(
        Job.End(
            state: .failed, outcome: .failed(Failure(cause: .spec, code: "c", message: "m")), reason: "m",
            isCached: false))

    private static func job(_ attempt: Int, of most: Int, _ state: Job.State) -> Job {
        Job(id: id, attempt: attempt, maxAttempts: most, declines: 2, fence: Fence(4), state: state)
    }

    struct Case: Sendable {
        let name: String
        let job: Job
        let known: Int
        var isClaimOver = false
        let attempt: Int
        let maxAttempts: Int
        var state: JobState
        var move = Job.Move.unchanged
    }

    static let cases: [Case] = [
        Case(
            name: "waiting", job: job(0, of: 3, .waiting), known: 2, attempt: 2, maxAttempts: 5, state: .waiting),
        Case(
            name: "ready", job: job(1, of: 3, .ready(notBefore: Timestamp(milliseconds: 9))), known: 3, attempt: 3,
            maxAttempts: 5, state: .ready),
        Case(
            name: "nothing new", job: job(2, of: 3, .ready(notBefore: Timestamp(milliseconds: 9))), known: 1,
            attempt: 2, maxAttempts: 3, state: .ready),
        Case(
            name: "ended", job: job(3, of: 3, failed), known: 5, attempt: 5, maxAttempts: 5, state: .failed),
        Case(
            name: "a claim that stands", job: job(1, of: 3, .running(lease)), known: 1, attempt: 1, maxAttempts: 3,
            state: .running),
        Case(
            name: "a claim that ended", job: job(1, of: 3, .running(lease)), known: 1, isClaimOver: true, attempt: 1,
            maxAttempts: 4, state: .ready, move: .queue),
        Case(
            name: "a claim and later ones", job: job(3, of: 3, .leased(lease)), known: 4, isClaimOver: true,
            attempt: 4, maxAttempts: 5, state: .ready, move: .queue),
        Case(
            name: "a number beyond all", job: job(0, of: 3, .waiting), known: .max, attempt: 999, maxAttempts: 1000,
            state: .waiting),
        Case(
            name: "the last number", job: job(1000, of: 1000, failed), known: .max, attempt: 1000, maxAttempts: 1000,
            state: .failed),
        Case(
            name: "a number below all", job: job(1, of: 2, .waiting), known: .min, attempt: 1, maxAttempts: 2,
            state: .waiting),
    ]

    @Test("the next attempt is a new one, and as many are left", arguments: cases.indices)
    func restored(index: Int) {
        let expected = Self.cases[index]
        var job = expected.job
        let move = job.restored(knownAttempt: expected.known, isClaimOver: expected.isClaimOver)
        #expect(move == expected.move, "\(expected.name)")
        #expect(job.attempt == expected.attempt, "\(expected.name)")
        #expect(job.maxAttempts == expected.maxAttempts, "\(expected.name)")
        #expect(job.state.name == expected.state, "\(expected.name)")
        #expect(job.fence == expected.job.fence, "\(expected.name)")
    }

    @Test func aJobThatWasToBeCancelledIsCancelledWhenItsClaimIsOver() {
        let lease = Job.Lease(worker: WorkerName("w1"), cancelReason: "enough")
        var job = Self.job(1, of: 3, .running(lease))
        let stands = job.restored(knownAttempt: 1, isClaimOver: false)
        #expect(stands == .unchanged)
        guard case .settle(let end) = job.restored(knownAttempt: 1, isClaimOver: true) else {
            Issue.record("the job goes on")
            return
        }
        #expect(end.state == .cancelled)
        #expect(end.reason == "enough")
    }
}
