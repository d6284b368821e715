import Dispatch

/// An ``Output`` for asynchronous code: what is written leaves in order, from a queue of its own, so that a terminal
/// that was stopped or a pipe that nobody empties holds no thread that other tasks need.
package final class OutputQueue: Sendable {
    private let output: Output
    private let queue = DispatchQueue(label: "factory.output")

    /// A queue in front of an output.
    package init(_ output: Output) { self.output = output }

    /// Writes text; returns when the kernel has it, which is the backpressure.
    ///
    /// Two calls that follow one another without an `await` between them are written in that order.
    /// - Throws: `output-closed` when nobody reads, `output-failed` for everything else.
    package func write(_ text: String) async throws(TerminalError) {
        guard !text.isEmpty else { return }
        let result: Result<Void, TerminalError> = await withCheckedContinuation { continuation in
            queue.async { [output] in
                continuation.resume(returning: Result { () throws(TerminalError) in try output.write(text) })
            }
        }
        try result.get()
    }
}
