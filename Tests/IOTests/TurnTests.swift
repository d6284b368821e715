import IO
import Testing

@Suite struct TurnTests {
    @Test(.timeLimit(.minutes(1)))
    func oneTaskAtATimeHasTheTurnAndNoneIsForgotten() async {
        let turn = Turn()
        let state = Locked((inside: 0, most: 0, passed: 0))
        await withTaskGroup(of: Void.self) { group in
            for _ in 1...50 {
                group.addTask {
                    await turn.take()
                    state.withLock { state in
                        state.inside += 1
                        state.most = max(state.most, state.inside)
                    }
                    await Task.yield()
                    state.withLock { state in
                        state.inside -= 1
                        state.passed += 1
                    }
                    turn.pass()
                }
            }
        }
        #expect(state.withLock { $0.most } == 1)
        #expect(state.withLock { $0.passed } == 50)
    }

    @Test(.timeLimit(.minutes(1)))
    func aCancelledTaskGetsItsTurnToo() async {
        let turn = Turn()
        await turn.take()
        let waiting = Task {
            await turn.take()
            turn.pass()
        }
        waiting.cancel()
        turn.pass()
        await waiting.value
        await turn.take()
        turn.pass()
    }
}
