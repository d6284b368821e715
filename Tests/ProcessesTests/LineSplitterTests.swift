import Processes
import Testing

struct LineSplitterTests {
    struct Line: Equatable {
        let text: String
        let ending: OutputLine.Ending
        var dropped = 0
    }

    static func lines(_ chunks: [String], limit: Int = 1000) -> [Line] {
        var splitter = LineSplitter(limit: limit)
        var lines: [Line] = []
        let body: LineSplitter.Body = {
            lines.append(Line(text: String(decoding: $0, as: UTF8.self), ending: $1, dropped: $2))
        }
        for chunk in chunks { Array(chunk.utf8).withUnsafeBytes { splitter.feed($0, body) } }
        splitter.finish(body)
        return lines
    }

    @Test(
        "Lines are the same, whatever the chunks they arrive in",
        arguments: [
            ("a\nb\n", [Line(text: "a", ending: .newline), Line(text: "b", ending: .newline)]),
            ("a\r\nb", [Line(text: "a", ending: .newline), Line(text: "b", ending: .endOfStream)]),
            ("1%\r2%\r\n", [Line(text: "1%", ending: .carriageReturn), Line(text: "2%", ending: .newline)]),
            ("\n\n", [Line(text: "", ending: .newline), Line(text: "", ending: .newline)]),
            (
                "\r\rx",
                [
                    Line(text: "", ending: .carriageReturn), Line(text: "", ending: .carriageReturn),
                    Line(text: "x", ending: .endOfStream),
                ]
            ),
            ("", []),
            ("no end", [Line(text: "no end", ending: .endOfStream)]),
        ] as [(String, [Line])])
    func chunkingDoesNotMatter(text: String, expected: [Line]) {
        #expect(Self.lines([text]) == expected)
        let bytewise = Self.lines(text.utf8.map { String(decoding: [$0], as: UTF8.self) })
        // A "\r" at the end of a chunk must show at once, so its ending cannot know of a "\n" to come.
        #expect(bytewise.map(\.text) == expected.map(\.text))
    }

    @Test("A line feed that opens a chunk belongs to the carriage return before it")
    func splitLineEnding() {
        #expect(
            Self.lines(["a\r", "\nb\n"]) == [
                Line(text: "a", ending: .carriageReturn), Line(text: "b", ending: .newline),
            ])
    }

    @Test(
        "A line longer than the cap is cut, and the rest is counted",
        arguments: [["abcdefgh\nx\n"], ["abc", "def", "gh\nx\n"]])
    func cap(chunks: [String]) {
        #expect(
            Self.lines(chunks, limit: 4) == [
                Line(text: "abcd", ending: .newline, dropped: 4), Line(text: "x", ending: .newline),
            ])
    }
}
