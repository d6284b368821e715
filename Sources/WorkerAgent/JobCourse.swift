import FactoryExecution
import FactoryProtocol

/// The course of one job that this worker holds, from the first event to the server's last word.
///
/// ```text
/// running ──ended──► ended ──(events stored, artifacts delivered)──► delivered ──finished sent──► settled
///    └──────────────────┴──────────────── dropped, superseded ───────────────────────────────────► dropped
/// ```
///
/// Pure: it is told what happened, and says what to do next. The connection comes and goes beside it: after each loss
/// events are sent again from the last one that the server has, and `finished` is said again.
struct JobCourse: Sendable, Equatable {
    /// What to do next.
    enum Step: Sendable, Equatable {
        /// Nothing until something happens.
        case wait
        /// Read at most so many bytes of events and send them.
        case forward(bytes: Int)
        /// Bring the artifacts to the store.
        case deliver(JobResult)
        /// Say `finished`.
        case finish(JobResult)
        /// Remove the spool: the server has what it wants.
        case remove
    }

    private enum Phase: Equatable {
        case running
        case ended(JobResult)
        case delivered(JobResult)
        case over
    }

    /// One connection's share in it.
    private struct Line: Equatable {
        var window: EventWindow
        /// The reader found no more events since the last change.
        var isDrained = false
        var hasFinished = false
    }

    private var phase = Phase.running
    private var line: Line?
    private var isDropped = false

    /// Whether the process still runs, as far as we know.
    var isRunning: Bool { phase == .running }

    /// Whether there is a connection.
    var isConnected: Bool { line != nil }

    /// Whether it takes a slot. Once its end may have been told it does not: factoryd gives the slot to the next job in
    /// the moment in which it has the end on its disk, which may be before we have read `settled`.
    var takesSlot: Bool {
        switch phase {
        case .running, .ended: true
        case .delivered, .over: false
        }
    }

    /// The last event that the server has, as far as this connection knows.
    var ackedThrough: Int64 { line?.window.acked ?? 0 }

    /// There is a connection; the server has the events up to that number.
    mutating func connected(acked: Int64) { line = Line(window: EventWindow(acked: acked)) }

    /// The connection is gone.
    mutating func disconnected() { line = nil }

    /// There may be more events to read.
    mutating func grown() { line?.isDrained = false }

    /// Events were read and sent; none when there were none.
    mutating func forwarded(through: Int64?, bytes: Int) {
        guard let through else {
            line?.isDrained = true
            return
        }
        line?.window.sent(through: through, bytes: bytes)
    }

    /// The server has stored the events up to that number.
    mutating func acked(through: Int64) { line?.window.acked(through: through) }

    /// The process has ended.
    mutating func ended(_ result: JobResult) {
        guard phase == .running else { return }
        phase = .ended(result)
        // What it wrote last may not have been seen yet.
        grown()
    }

    /// The artifacts are in the store, or it will not have them and the result says so.
    mutating func delivered(_ result: JobResult) {
        guard case .ended = phase else { return }
        phase = .delivered(result)
    }

    /// `finished` is on its way.
    mutating func finished() { line?.hasFinished = true }

    /// The end is on the server's disk.
    mutating func settled() { phase = .over }

    /// The claim is not ours any more. The process has to be stopped; its end is waited for.
    mutating func dropped() { isDropped = true }

    /// What to do now.
    func next() -> Step {
        switch phase {
        case .over: return .remove
        case .running: return isDropped ? .wait : forwarding() ?? .wait
        case .ended(let result):
            if isDropped { return .remove }
            if let step = forwarding() { return step }
            guard let line, line.isDrained, line.window.isEmpty else { return .wait }
            return .deliver(result)
        case .delivered(let result):
            if isDropped { return .remove }
            guard let line else { return .wait }
            if let step = forwarding() { return step }
            guard line.isDrained, line.window.isEmpty, !line.hasFinished else { return .wait }
            return .finish(result)
        }
    }

    private func forwarding() -> Step? {
        guard let line, !line.isDrained, line.window.room > 0 else { return nil }
        return .forward(bytes: line.window.room)
    }
}
