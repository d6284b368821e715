import Glibc
import Terminal

/// What people at a terminal read.
enum Console {
    /// A line on standard output.
    static func print(_ text: String) { write(text, to: STDOUT_FILENO) }

    /// A line on standard error, or several. It may quote what was typed, and must not move the cursor with it.
    static func complain(_ text: String) {
        write(
            text.split(separator: "\n", omittingEmptySubsequences: false).map { Neutralized.text(String($0)) }
                .joined(separator: "\n"), to: STDERR_FILENO)
    }

    private static func write(_ text: String, to descriptor: Int32) {
        var bytes = Array(text.utf8)[...]
        if bytes.last != UInt8(ascii: "\n") { bytes.append(UInt8(ascii: "\n")) }
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            // Nobody reads any more: there is nobody to tell either.
            if count <= 0 { return }
            bytes = bytes.dropFirst(count)
        }
    }
}
