import Testing

@testable import FactoryScheduling

/// When a client's connection counts as idle.
@Suite struct ClientActivityTests {
    private let start = ContinuousClock.now
    private let limit = Duration.seconds(60)

    @Test func onlyTheTimeInWhichNothingIsAskedCounts() {
        var activity = ClientActivity(now: start)
        #expect(activity.left(of: limit, now: start + .seconds(20)) == .seconds(40))
        activity.asked()
        #expect(activity.left(of: limit, now: start + .seconds(500)) == limit, "the answer takes its time")
        activity.answered(now: start + .seconds(500))
        #expect(activity.left(of: limit, now: start + .seconds(500)) == limit, "the client has not had time to ask")
        #expect(activity.left(of: limit, now: start + .seconds(559)) == .seconds(1))
        #expect(activity.left(of: limit, now: start + .seconds(560)) <= .zero)
    }

    @Test func aWatchKeepsItFromBeingIdleUntilTheLastOneEnds() {
        var activity = ClientActivity(now: start)
        activity.asked()
        let first = activity.beginWatch(most: 2)
        activity.answered(now: start)
        let second = activity.beginWatch(most: 2)
        let third = activity.beginWatch(most: 2)
        #expect(first && second && !third)
        activity.endWatch(now: start + .seconds(100))
        #expect(activity.left(of: limit, now: start + .seconds(300)) == limit)
        activity.endWatch(now: start + .seconds(300))
        #expect(activity.left(of: limit, now: start + .seconds(310)) == .seconds(50))
    }

    @Test func aWatchThatEndsWhileARequestIsAnsweredDoesNotMakeItIdle() {
        var activity = ClientActivity(now: start)
        _ = activity.beginWatch(most: 1)
        activity.asked()
        activity.endWatch(now: start)
        #expect(activity.left(of: limit, now: start + .seconds(90)) == limit)
    }
}
