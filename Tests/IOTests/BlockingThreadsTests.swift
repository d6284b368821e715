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
}
