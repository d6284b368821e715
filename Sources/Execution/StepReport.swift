package import FactoryProtocol
import IO

/// The voice of one running step.
package final class StepReport: Sendable {
    /// Its identifier within the attempt.
    package let id: String
    private let sink: @Sendable (Event.Kind) -> Void
    private let state = Locked(State())

    /// What changes while the step runs; behind a lock, because tools report from several tasks.
    private struct State {
        var result = (result: StepFinished.Result.done, note: String?.none)
        var lastProgress: ContinuousClock.Instant?
    }

    init(id: String, sink: @escaping @Sendable (Event.Kind) -> Void) {
        self.id = id
        self.sink = sink
    }

    var result: (result: StepFinished.Result, note: String?) { state.withLock { $0.result } }

    /// A line that a tool printed.
    package func log(_ text: String) { sink(.log(LogLine(step: id, text: text))) }

    /// How far the step is. At most five a second are passed on; the last one, with `done == total`, always is.
    package func progress(done: Int64, total: Int64?, unit: StepProgress.Unit, note: String? = nil) {
        let now = ContinuousClock.now
        let due = state.withLock { state in
            guard done == total || state.lastProgress.map({ now - $0 >= .milliseconds(200) }) ?? true else {
                return false
            }
            state.lastProgress = now
            return true
        }
        if due { sink(.stepProgress(StepProgress(step: id, done: done, total: total, unit: unit, note: note))) }
    }

    /// Says that an earlier result was taken instead of doing the work.
    package func cached(_ note: String) { state.withLock { $0.result = (StepFinished.Result.cached, note) } }

    /// A few words for the line that says the step is done.
    package func note(_ note: String) { state.withLock { $0.result.note = note } }
}
