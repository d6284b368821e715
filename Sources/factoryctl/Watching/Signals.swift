import Dispatch
import Glibc

/// Signals as a stream, instead of the end of the process.
struct Signals: Sendable {
    /// The signals that came, in order.
    let stream: AsyncStream<Int32>

    /// Takes over signals of the whole process, until the stream is given up.
    init(_ numbers: [Int32]) {
        stream = AsyncStream { continuation in
            let sources = Sources(numbers) { continuation.yield($0) }
            continuation.onTermination = { _ in sources.cancel() }
        }
    }

    /// Unchecked, because Dispatch's own type is not marked: the array never changes, and a source may be cancelled from
    /// any thread (dispatch_source_cancel(3)).
    private final class Sources: @unchecked Sendable {
        private let sources: [(number: Int32, source: any DispatchSourceSignal)]

        init(_ numbers: [Int32], _ handler: @escaping @Sendable (Int32) -> Void) {
            let queue = DispatchQueue(label: "factory.signals")
            sources = numbers.map { number in
                signal(number, SIG_IGN)
                let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
                source.setEventHandler { handler(number) }
                source.resume()
                return (number, source)
            }
        }

        func cancel() {
            for (number, source) in sources {
                source.cancel()
                signal(number, SIG_DFL)
            }
        }
    }
}
