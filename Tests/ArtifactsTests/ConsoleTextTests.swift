import FactoryArtifacts
import Testing

@Suite struct ConsoleTextTests {
    private func lines(_ text: String) -> [String] {
        var console = ConsoleText()
        return console.append(text.utf8) + console.finish()
    }

    @Test(arguments: [
        ("a\r\nb\r\n", ["a", "b"]), ("\r\r\n\r\n", []), ("one\rtwo\n", ["one", "two"]),
        (
            "\u{1b}[0;32m  OK  \u{1b}[0m] Reached target \u{1b}[0;1;39mnetwork.target\u{1b}[0m - Network.\r\n",
            ["OK  ] Reached target network.target - Network."]
        ),
        // SeaBIOS, then GRUB: a jump of the cursor is where another line starts.
        ("\u{1b}c\u{1b}[?7l\u{1b}[2J\u{1b}[0mSeaBIOS (version 1.16.2)\r\n", ["SeaBIOS (version 1.16.2)"]),
        (
            "\u{1b}[01;01H\u{1b}[0m\u{1b}[2J\u{1b}[02;24HGNU GRUB  version 2.06\u{1b}[04;02H┌────┐\u{1b}[06;02H│\u{1b}[06;79H│",
            ["GNU GRUB  version 2.06"]
        ),
        ("\u{1b}]0;title\u{07}text\n", ["text"]), ("\u{1b}]0;title\u{1b}\\text\n", ["text"]),
        ("\u{1b}(Btext\n", ["text"]), ("a\tb\u{0}\u{7}c\n", ["a bc"]), ("abd\u{8}c\n", ["abc"]), ("----\n", []),
    ])
    func escapeSequencesGoAndLinesStay(_ text: String, _ expected: [String]) {
        #expect(lines(text) == expected)
    }

    @Test func aSequenceMayComeInPieces() {
        let bytes = Array("x\u{1b}[0;31mred\u{1b}[0m!\r\nü\n".utf8)
        for cut in 0...bytes.count {
            var console = ConsoleText()
            let lines = console.append(bytes[..<cut]) + console.append(bytes[cut...])
            #expect(lines == ["xred!", "ü"], "cut at \(cut)")
        }
    }

    @Test func aPromptIsSeenBeforeItsLineEnds() {
        var console = ConsoleText()
        #expect(console.append("\r\nkairos login: ".utf8).isEmpty)
        #expect(console.unfinished == "kairos login:")
    }

    @Test func aLineThatNeverEndsIsCut() {
        var console = ConsoleText()
        _ = console.append([UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20))
        #expect(console.unfinished.utf8.count == ConsoleText.longestLine)
    }
}
