import FactoryExecution
import FactoryProtocol
import Testing

@testable import factory_worker

struct JobCourseTests {
    static let result = JobResult(outcome: .succeeded, artifacts: [])

    /// A course that is connected and has read everything there is.
    static func drained() -> JobCourse {
        var course = JobCourse()
        course.connected(acked: 0)
        course.forwarded(through: nil, bytes: 0)
        return course
    }

    @Test("Events go out while there is room, and again when some were acknowledged")
    func window() {
        var course = JobCourse()
        #expect(course.next() == .wait)
        course.connected(acked: 0)
        var sent: Int64 = 0
        while case .forward(let bytes) = course.next() {
            sent += 1
            course.forwarded(through: sent, bytes: bytes)
        }
        #expect(sent == 4)
        #expect(course.next() == .wait)
        course.acked(through: 2)
        #expect(course.next() == .forward(bytes: EventWindow.batch))
    }

    @Test("The end is told when every event is stored and the artifacts are delivered, and once a connection")
    func order() {
        var course = Self.drained()
        course.forwarded(through: 5, bytes: 100)
        course.ended(Self.result)
        course.forwarded(through: nil, bytes: 0)
        #expect(course.next() == .wait)
        course.acked(through: 5)
        #expect(course.next() == .deliver(Self.result))
        course.delivered(Self.result)
        #expect(course.next() == .finish(Self.result))
        course.finished()
        #expect(course.next() == .wait)
        course.disconnected()
        #expect(course.next() == .wait)
        course.connected(acked: 5)
        course.forwarded(through: nil, bytes: 0)
        #expect(course.next() == .finish(Self.result))
        course.settled()
        #expect(course.next() == .remove)
    }

    @Test("A job takes its slot until its end may have been told, not until that was answered")
    func slot() {
        let result = JobResult(outcome: .succeeded, artifacts: [])
        var course = JobCourse()
        #expect(course.takesSlot)
        course.ended(result)
        #expect(course.takesSlot)
        course.delivered(result)
        #expect(!course.takesSlot)
    }

    @Test("After a loss events are sent again from the last one that the server has")
    func resuming() {
        var course = Self.drained()
        course.forwarded(through: 9, bytes: 300_000)
        #expect(course.next() == .wait)
        course.disconnected()
        course.connected(acked: 3)
        #expect(course.ackedThrough == 3)
        #expect(course.next() == .forward(bytes: EventWindow.batch))
    }

    @Test("A dropped job sends nothing more, and its spool goes when its process is gone", arguments: [false, true])
    func dropping(running: Bool) {
        var course = Self.drained()
        course.grown()
        if !running { course.ended(Self.result) }
        course.dropped()
        #expect(course.next() == (running ? .wait : .remove))
        course.ended(Self.result)
        #expect(course.next() == .remove)
    }
}
