import FactoryExecution
import IO

/// The wish that a job ends: made once, and heard by all who listen, before or after.
final class StopWish: Sendable {
    private struct State {
        var wish: JobLife.Stop?
        var listeners: [AsyncStream<JobLife.Stop>.Continuation] = []
    }

    private let state = Locked(State())

    /// The job shall end. The first reason stays.
    func make(_ stop: JobLife.Stop) {
        let listeners = state.withLock { state -> [AsyncStream<JobLife.Stop>.Continuation] in
            guard state.wish == nil else { return [] }
            state.wish = stop
            defer { state.listeners = [] }
            return state.listeners
        }
        for listener in listeners { listener.yield(stop) }
    }

    /// One element when the wish is made, at once when it was. A stream for one task; it ends only with that.
    var wished: AsyncStream<JobLife.Stop> {
        let (stream, listener) = AsyncStream<JobLife.Stop>.makeStream()
        let wish = state.withLock { state in
            if state.wish == nil { state.listeners.append(listener) }
            return state.wish
        }
        if let wish { listener.yield(wish) }
        return stream
    }
}
