import Dispatch
import Glibc

/// TERM and INT as a wish to stop, instead of the end of the process.
///
/// Make it before the first wait. Programs started by `Command` do not inherit that the signals are ignored.
package final class StopSignal: Sendable {
    /// The numbers of the signals as they come.
    package let signals: AsyncStream<Int32>
    // Only kept alive here: a source that nobody holds is cancelled. Its methods are safe from any thread.
    nonisolated(unsafe) private let sources: [any DispatchSourceSignal]

    package init() {
        let (stream, continuation) = AsyncStream<Int32>.makeStream(bufferingPolicy: .bufferingNewest(4))
        signals = stream
        let queue = DispatchQueue(label: "signals")
        sources = [SIGTERM, SIGINT].map { number in
            // The source only hears of it; this is what keeps it from ending the process.
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { continuation.yield(number) }
            source.activate()
            return source
        }
    }
}
