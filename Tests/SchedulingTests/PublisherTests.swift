import FactoryProtocol
import IO
import Testing

@testable import FactoryScheduling

/// When whoever waits for a publish goes on.
@Suite(.timeLimit(.minutes(1))) struct PublisherTests {
    private let build = BuildID("b")

    /// Runs a publisher beside the body; each publish announces itself in `begun` and waits for its latch.
    private func run(
        _ gates: [Latch], begun: [Latch], _ body: @escaping @Sendable (Publisher) async throws -> Void
    ) async throws {
        let publisher = Publisher()
        let count = Locked(0)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                await publisher.run { _ in
                    let number = count.withLock { count in
                        defer { count += 1 }
                        return count
                    }
                    begun[number].open()
                    try? await gates[number].wait(until: .in(.seconds(30)))
                    return true
                }
            }
            group.addTask { try await body(publisher) }
            _ = try await group.next()
            group.cancelAll()
        }
    }

    @Test func whoAsksWhileAPublishRunsWaitsForTheNext() async throws {
        let (first, second) = (try Latch(), try Latch())
        let begun = [try Latch(), try Latch()]
        let isServed = Locked(false)
        try await run([first, second], begun: begun) { [build] publisher in
            publisher.wake(build)
            try await begun[0].wait(until: .in(.seconds(30)))
            try await withThrowingTaskGroup(of: Void.self) { group in
                let asked = try Latch()
                group.addTask {
                    asked.open()
                    await publisher.published(build)
                    isServed.withLock { $0 = true }
                }
                try await asked.wait(until: .in(.seconds(30)))
                // The one that runs may have read its events already: its end serves nobody who asked since.
                first.open()
                try await begun[1].wait(until: .in(.seconds(30)))
                #expect(!isServed.withLock { $0 })
                second.open()
                try await group.waitForAll()
            }
            #expect(isServed.withLock { $0 })
        }
    }

    @Test func aCancelledWaitEndsAtOnce() async throws {
        let gate = try Latch()
        let begun = [try Latch()]
        try await run([gate], begun: begun) { [build] publisher in
            let waiting = Task { await publisher.published(build) }
            try await begun[0].wait(until: .in(.seconds(30)))
            waiting.cancel()
            #expect(await waiting.value == false)
            #expect(!gate.isOpen)
            gate.open()
        }
    }
}
