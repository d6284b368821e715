import Glibc
import IO
import Testing

@Suite struct BlockingThreadsTests {
    @Test func workOfManyTasksIsDoneByTheThreadsThatThereMayBe() async throws {
        let threads = BlockingThreads("test", most: 3)
        let (now, most) = (Locked(0), Locked(0))
        let sum = await withTaskGroup(of: Int.self) { group in
            for number in 1...500 {
                group.addTask {
                    await threads.run {
                        let running = now.withLock { value in
                            value += 1
                            return value
                        }
                        most.withLock { $0 = max($0, running) }
                        sched_yield()
                        now.withLock { $0 -= 1 }
                        return number
                    }
                }
            }
            return await group.reduce(0, +)
        }
        #expect(sum == 500 * 501 / 2)
        #expect(most.withLock { $0 } <= 3)
        #expect(threads.started <= 3)
    }

    @Test func whatTheWorkThrowsIsThrownAndTheThreadServesOn() async throws {
        let threads = BlockingThreads("test", most: 1)
        for _ in 0..<10 {
            await #expect(throws: IOError.self) {
                try await threads.run { () throws(IOError) in throw IOError(.wrongKind, "x") }
            }
        }
        #expect(await threads.run { 7 } == 7)
        #expect(threads.started == 1)
    }

    /// A connection ends for its peer when the last who holds its socket lets go.
    @Test func nothingOfTheWorkIsKeptByTheThreadThatDidIt() async throws {
        final class Held: Sendable {
            let released: Locked<Bool>
            init(_ released: Locked<Bool>) { self.released = released }
            deinit { released.withLock { $0 = true } }
        }
        let threads = BlockingThreads("test", most: 1)
        // The first work is what the thread is started for.
        for _ in 0..<2 {
            let released = Locked(false)
            let held = Held(released)
            await threads.run { [held] in _ = held }
            _ = consume held
            // The thread lets go just after the answer; it would live for another ten seconds.
            let deadline = Deadline.in(.seconds(5))
            while !released.withLock({ $0 }), !deadline.hasPassed {
                try await Poller.shared.sleep(until: .in(.milliseconds(5)))
            }
            #expect(released.withLock { $0 })
        }
    }
}
