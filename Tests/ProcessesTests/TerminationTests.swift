import Testing

@testable import Processes

struct TerminationTests {
    @Test("A program that nobody ends is left alone when it has ended")
    func quiet() {
        var machine = Termination()
        #expect(machine.leaderEnded() == .nothing)
        #expect(machine.reason == nil)
    }

    @Test("It is asked once, killed after the grace, and the first reason stays")
    func order() {
        var machine = Termination()
        #expect(machine.unwanted(.deadlinePassed) == .ask)
        #expect(machine.unwanted(.cancelled) == .nothing)
        #expect(machine.isAsked)
        #expect(machine.graceOver() == .kill)
        #expect(machine.graceOver() == .nothing)
        #expect(machine.reason == .deadlinePassed)
    }

    @Test("When it ends as asked, what it started is killed")
    func followers() {
        var machine = Termination()
        _ = machine.unwanted(.cancelled)
        #expect(machine.leaderEnded() == .kill)
    }
}
