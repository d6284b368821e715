import FactoryProtocol
import Testing

@testable import FactoryScheduling

/// The order in which a worker's reports are dealt with.
@Suite struct JobLanesTests {
    private let a = JobID("a")
    private let b = JobID("b")

    @Test func eachJobHasALaneInItsOrder() {
        var lanes = JobLanes<Int>(mostBytes: 100)
        let begins = [(1, a), (2, b), (3, a)].map { lanes.add($0, bytes: 1, of: $1) }
        #expect(begins == [true, true, false])
        let taken = [a, a, b].map { lanes.next(of: $0) }
        #expect(taken == [1, 3, 2])
    }

    @Test func aLaneLastsUntilItWasFoundEmpty() {
        var lanes = JobLanes<Int>(mostBytes: 100)
        _ = lanes.add(1, bytes: 1, of: a)
        let first = lanes.next(of: a)
        let beginsAgain = lanes.add(2, bytes: 1, of: a)
        #expect(!beginsAgain, "whoever deals with the first asks for the second")
        let rest = [lanes.next(of: a), lanes.next(of: a)]
        #expect([first] + rest == [1, 2, nil])
        let beginsAnew = lanes.add(3, bytes: 1, of: a)
        #expect(beginsAnew)
    }

    @Test func itIsFullAtItsLimitAndHasRoomAgainWhenOneWasDealtWith() {
        var lanes = JobLanes<Int>(mostBytes: 10_000)
        var isFull: [Bool] = []
        for (bytes, job) in [(7_000, a), (1_000, b)] {
            _ = lanes.add(0, bytes: bytes, of: job)
            isFull.append(lanes.isFull)
        }
        _ = lanes.next(of: b)
        isFull.append(lanes.isFull)
        _ = lanes.next(of: b)
        isFull.append(lanes.isFull)
        #expect(isFull == [false, true, true, false])
    }

    @Test func anyNumberOfEmptyReportsOfOtherJobsFillsItToo() {
        var lanes = JobLanes<Int>(mostBytes: 10_000)
        for number in 1...10 {
            let job = JobID("\(number)")
            _ = lanes.add(0, bytes: 0, of: job)
            _ = lanes.next(of: job)
        }
        #expect(lanes.isFull)
    }
}
