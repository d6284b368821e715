import IO

/// A question that costs something, asked at most once in a while, whoever wants the answer.
///
/// Those who ask while it is being asked wait for the same answer.
final class SharedProbe: Sendable {
    private struct State {
        var answer = true
        var answeredAt: ContinuousClock.Instant?
        var isAsking = false
        var waiting: [CheckedContinuation<Bool, Never>] = []
    }

    private enum Turn {
        case known(Bool)
        case ask
        case wait
    }

    private let state = Locked(State())
    private let age: Duration
    private let ask: @Sendable () async -> Bool

    /// - Parameters:
    ///   - age: How long an answer counts.
    ///   - ask: Asks. It must end, and is not cancelled with who wanted the answer first.
    init(age: Duration = .seconds(1), _ ask: @escaping @Sendable () async -> Bool) {
        (self.age, self.ask) = (age, ask)
    }

    /// The answer: the last one while it counts, else a new one.
    func answer(now: ContinuousClock.Instant = .now) async -> Bool {
        let turn: Turn = state.withLock { state in
            if state.isAsking { return .wait }
            if let then = state.answeredAt, now - then < age { return .known(state.answer) }
            state.isAsking = true
            return .ask
        }
        switch turn {
        case .known(let answer): return answer
        case .wait:
            return await withCheckedContinuation { continuation in
                let known: Bool? = state.withLock { state in
                    guard state.isAsking else { return state.answer }
                    state.waiting.append(continuation)
                    return nil
                }
                if let known { continuation.resume(returning: known) }
            }
        case .ask:
            let answer = await ask()
            let waiting = state.withLock { state in
                (state.answer, state.answeredAt, state.isAsking) = (answer, now, false)
                defer { state.waiting = [] }
                return state.waiting
            }
            for continuation in waiting { continuation.resume(returning: answer) }
            return answer
        }
    }
}
