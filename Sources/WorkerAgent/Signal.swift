/// Wakes one task that waits, now or the next time it does; any number of calls in between count as one.
final class Signal: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

    /// Wakes the task.
    func raise() { continuation.yield() }

    /// One element a call of `raise`, merged; ends when the task is cancelled.
    var raised: AsyncStream<Void> { stream }
}
