/// One line that a program wrote.
package struct OutputLine: Sendable, Hashable {
    /// Which descriptor of the program it came from.
    package enum Source: Sendable, Hashable {
        /// Standard output; also standard error where both share one pipe, which keeps their order.
        case output
        /// Standard error, where it has a pipe of its own.
        case error
        /// The extra descriptor on which a tool tells its progress (`Command.statusDescriptor`).
        case status
    }

    /// What ended the line.
    package enum Ending: Sendable, Hashable {
        /// `\n` or `\r\n`: the line stays on a terminal.
        case newline
        /// A lone `\r`: the next line overwrites this one on a terminal, as progress bars do.
        case carriageReturn
        /// The end of the stream, without either.
        case endOfStream
    }

    package let source: Source
    /// The bytes without the ending, at most the cap of the splitter.
    package let bytes: [UInt8]
    package let ending: Ending
    /// How many bytes were left out because the line was longer than the cap.
    package let dropped: Int

    package init(source: Source, bytes: [UInt8], ending: Ending = .newline, dropped: Int = 0) {
        self.source = source
        self.bytes = bytes
        self.ending = ending
        self.dropped = dropped
    }

    /// The line as text; what is not UTF-8 shows as U+FFFD, and so does NUL, which no text of ours may hold.
    package var text: String {
        guard bytes.contains(0) else { return String(decoding: bytes, as: UTF8.self) }
        return String(decoding: bytes.flatMap { $0 == 0 ? Array("\u{fffd}".utf8) : [$0] }, as: UTF8.self)
    }
}
