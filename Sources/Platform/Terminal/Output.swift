import Glibc

/// Where a program writes for people: the standard output or the standard error.
///
/// Writes go out whole and at once, without a buffer of ours. They block while the reader is slow, which is what a
/// pipe is for; a program that has something else to do meanwhile writes from a thread of its own. SIGPIPE must be
/// ignored, so that a closed pipe is an error here and not the end of the process.
package struct Output: Sendable {
    private let descriptor: Int32

    /// Output to a descriptor that somebody else keeps open.
    package init(descriptor: Int32) { self.descriptor = descriptor }

    /// The standard output.
    package static let standard = Output(descriptor: STDOUT_FILENO)
    /// The standard error.
    package static let error = Output(descriptor: STDERR_FILENO)

    /// Writes text.
    ///
    /// - Throws: `output-closed` when nobody reads, `output-failed` for everything else.
    package func write(_ text: String) throws(TerminalError) {
        try write(Array(text.utf8))
    }

    /// Writes bytes.
    ///
    /// - Throws: `output-closed` when nobody reads, `output-failed` for everything else.
    package func write(_ bytes: [UInt8]) throws(TerminalError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 {
                rest = rest.dropFirst(count)
                continue
            }
            switch errno {
            case EINTR: continue
            case EAGAIN:
                // Somebody who shares the descriptor made it non-blocking.
                var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&request, 1, 1000)
            case EPIPE: throw TerminalError(.closed, "nobody reads the output any more")
            default:
                throw TerminalError(.failed, "the output cannot be written: \(String(cString: strerror(errno)))")
            }
        }
    }
}
