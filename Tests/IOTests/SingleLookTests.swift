import Dispatch
import Testing

@testable import IO

@Suite(.timeLimit(.minutes(1))) struct SingleLookTests {
    @Test func aLookThatHangsDelaysWhoAsksForALimitedTimeAndHoldsOneThread() async {
        let (looks, gate) = (Locked(0), DispatchSemaphore(value: 0))
        let look = SingleLook("look") {
            let number = looks.withLock { count in
                count += 1
                return count
            }
            gate.wait()
            return number
        }
        for _ in 0..<5 { #expect(await look.value(within: .milliseconds(20)) == nil) }
        #expect(looks.withLock { $0 } == 1)
        // When it has ended a new look begins, which ends at once.
        for _ in 0..<1000 { gate.signal() }
        while await look.value(within: .seconds(30)) == 1 {}
        #expect(looks.withLock { $0 } >= 2)
    }

    @Test func everybodyWhoAsksAtOnceHearsOfALook() async {
        let looks = Locked(0)
        let look = SingleLook("look") { looks.withLock { $0 += 1 } }
        await withTaskGroup { group in
            for _ in 0..<100 { group.addTask { await look.value(within: .seconds(30)) != nil } }
            for await heard in group { #expect(heard) }
        }
        #expect((1...100).contains(looks.withLock { $0 }))
    }

    @Test func eachLookIsANewOne() async {
        let looks = Locked(0)
        let look = SingleLook("look") {
            looks.withLock { count in
                count += 1
                return count
            }
        }
        for number in 1...3 { #expect(await look.value(within: .seconds(30)) == number) }
    }
}
