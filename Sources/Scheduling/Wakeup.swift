/// A bell: however often it is rung while nobody looks, it is answered once.
struct Wakeup: Sendable {
    /// One element for every ringing that was not answered yet. For one task.
    let signals: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() { (signals, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

    func wake() { continuation.yield() }
}
