import Dispatch
import Glibc

/// Signals as a stream, instead of the end of the process. Taken over for as long as the object lives.
///
/// `@unchecked Sendable`: the sources are made once and never touched again; they are kept so that they stay armed.
final class Signals: @unchecked Sendable {
    /// The signals that came, in order. For one task.
    let stream: AsyncStream<Int32>
    private let sources: [any DispatchSourceSignal]

    /// Takes over signals of the whole process.
    init(_ numbers: [Int32]) {
        let queue = DispatchQueue(label: "factoryd.signals")
        let (stream, continuation) = AsyncStream.makeStream(of: Int32.self)
        self.stream = stream
        sources = numbers.map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { continuation.yield(number) }
            source.resume()
            return source
        }
    }

    deinit { for source in sources { source.cancel() } }
}
