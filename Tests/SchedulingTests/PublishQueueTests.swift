import FactoryProtocol
import Testing

@testable import FactoryScheduling

/// Whose log is written next.
@Suite struct PublishQueueTests {
    private let a = BuildID("a")
    private let b = BuildID("b")
    private let c = BuildID("c")

    @Test func aBuildIsPublishedOnceHoweverOftenItWasAskedFor() {
        var queue = PublishQueue(limit: 4)
        for build in [a, b, a, a] { queue.ask(build, isAwaited: false) }
        let begun = queue.beginAll()
        #expect(begun == [a, b])
    }

    @Test func whatIsAskedForWhileItRunsRunsOnceMoreAndNeverTwiceAtOnce() {
        var queue = PublishQueue(limit: 4)
        queue.ask(a, isAwaited: false)
        var begun = queue.beginAll()
        for isAwaited in [false, true, false] { queue.ask(a, isAwaited: isAwaited) }
        begun += queue.beginAll()
        #expect(begun == [a])
        queue.ended(a)
        begun = queue.beginAll()
        queue.ended(a)
        begun += queue.beginAll()
        #expect(begun == [a])
    }

    @Test func noMoreThanTheLimitRunButWhatSomebodyWaitsFor() {
        var queue = PublishQueue(limit: 1)
        for build in [a, b, c] { queue.ask(build, isAwaited: false) }
        var begun = queue.beginAll()
        queue.ask(c, isAwaited: true)
        begun += queue.beginAll()
        #expect(begun == [a, c])
        queue.ended(a)
        begun = queue.beginAll()
        #expect(begun == [])
        queue.ended(c)
        begun = queue.beginAll()
        #expect(begun == [b])
    }

    @Test func whatSomebodyWaitsForStaysFirstWhenItRunsAgain() {
        var queue = PublishQueue(limit: 1)
        for (build, isAwaited) in [(a, false), (b, false)] { queue.ask(build, isAwaited: isAwaited) }
        var begun = queue.beginAll()
        queue.ask(a, isAwaited: true)
        queue.ended(a)
        begun += queue.beginAll()
        queue.ended(a)
        begun += queue.beginAll()
        #expect(begun == [a, a, b])
    }
}

extension PublishQueue {
    /// Everything that may begin now.
    fileprivate mutating func beginAll() -> [BuildID] {
        var begun: [BuildID] = []
        while let build = begin() { begun.append(build) }
        return begun
    }
}
