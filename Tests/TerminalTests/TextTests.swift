import Terminal
import Testing

@Suite struct TextTests {
    @Test(arguments: [
        ("", 0), ("abc", 3), ("é", 1), ("e\u{301}", 1), ("日本", 4), ("ｱ", 1), ("Ａ", 2), ("😀", 2), ("👩‍👩‍👧", 2), ("🇩🇪", 2),
        ("☺", 1),
        ("☺\u{FE0F}", 2), ("한", 2), ("한", 2), ("a\u{200B}b", 2), ("…", 1), ("█", 1), ("✓", 1),
    ])
    func widthIsWhatAScreenShows(text: String, columns: Int) {
        #expect(text.columns == columns)
    }

    @Test(arguments: [
        ("abc", 3, "abc"), ("abcd", 3, "ab…"), ("日本語", 5, "日本…"), ("日本語", 4, "日…"), ("abc", 1, "…"), ("abc", 0, ""),
        ("e\u{301}e\u{301}e\u{301}", 2, "e\u{301}…"),
    ])
    func cuttingKeepsToTheWidth(text: String, width: Int, cut: String) {
        #expect(text.cut(to: width) == cut)
        #expect(text.cut(to: width).columns <= width)
    }

    @Test func aCutInTheMiddleShowsBothEnds() {
        #expect("kairos-debian-12-core-amd64.iso".cutInTheMiddle(to: 15) == "kairos-…d64.iso")
        #expect("abc".cutInTheMiddle(to: 3) == "abc")
        #expect("abcdef".cutInTheMiddle(to: 4, ellipsis: "...").columns <= 4)
    }

    @Test(arguments: [
        ("plain ünïcode", "plain ünïcode"),
        ("\u{1B}[31mred\u{1B}[0m", "red"),
        ("\u{1B}[2K\u{1B}[1;5Hx", "x"),
        ("\u{1B}]0;title\u{7}x", "x"),
        ("\u{1B}]8;;http://x\u{1B}\\link\u{1B}]8;;\u{1B}\\", "link"),
        ("\u{1B}P1$r\u{1B}\\x", "x"),
        ("\u{1B}(Bx\u{1B}7y", "xy"),
        ("\u{9B}31mx", "x"),
        ("\u{1B}]never ends", ""),
        ("\u{1B}", ""), ("\u{1B}[", ""), ("\u{1B}[3", ""),
        ("a\tb", "a       b"), ("12345678\tb", "12345678        b"),
        ("a\u{8}b\u{7}c\u{0}", "a\u{FFFD}b\u{FFFD}c\u{FFFD}"),
        ("10%\r20%\r30%", "30%"), ("line\r", "line"),
        ("evil\u{202E}txt", "evil\u{FFFD}txt"), ("a\u{2028}b", "a\u{FFFD}b"), ("a\nb", "a\u{FFFD}b"),
    ])
    func outputOfToolsIsHarmless(text: String, shown: String) {
        #expect(Neutralized.text(text) == shown)
    }

    @Test func whateverAToolPrintsNoControlCharacterIsLeft() {
        let seed: UInt64 = 0x5EED_0042
        var state = seed
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        let pieces = [
            "\u{1B}", "[", "]", "P", ";", "3", "m", "a", "\u{7}", "\u{9C}", "\\", "\r", "\t", "\u{90}", "\u{202E}",
        ]
        for _ in 0..<2000 {
            let text = (0..<random(30)).map { _ in pieces[random(pieces.count)] }.joined()
            let bad = Neutralized.text(text).unicodeScalars.contains {
                $0.value < 0x20 || (0x7F..<0xA0).contains($0.value)
            }
            #expect(!bad, "seed \(seed): \(text.debugDescription)")
        }
    }

    @Test(
        arguments: [
            (0, "0 B"), (1023, "1023 B"), (1024, "1.00 KiB"), (1536, "1.50 KiB"), (10_235, "10.0 KiB"),
            (102_348, "99.9 KiB"),
            (1_048_575, "1.00 MiB"), (432_013_312, "412 MiB"), (1_073_741_824, "1.00 GiB"), (Int64.max, "8.00 EiB"),
        ] as [(Int64, String)])
    func bytesInThreeDigits(count: Int64, words: String) {
        #expect(Human.bytes(count) == words)
    }

    @Test(arguments: [
        (0, "0 ms", "0:00"), (999, "999 ms", "0:00"), (1000, "1.0 s", "0:01"), (4249, "4.2 s", "0:04"),
        (9949, "9.9 s", "0:09"),
        (9950, "9 s", "0:09"), (41_000, "41 s", "0:41"), (125_000, "2 min 05 s", "2:05"),
        (3_723_000, "1 h 02 min", "1:02:03"),
    ])
    func durationsInWordsAndAsAClock(milliseconds: Int, words: String, clock: String) {
        #expect(Human.duration(.milliseconds(milliseconds)) == words)
        #expect(Human.clock(.milliseconds(milliseconds)) == clock)
    }

    @Test(arguments: [
        (3, "just now"), (45, "45 s ago"), (200, "3 min ago"), (7300, "2 h ago"), (90_000, "1 day ago"),
        (260_000, "3 days ago"),
    ])
    func timesAgo(seconds: Int, words: String) {
        #expect(Human.ago(.seconds(seconds)) == words)
    }

    @Test(
        arguments: [
            (0, 4, "....", "░░░░"), (1, 4, "#...", "█░░░"), (3, 4, "###.", "███░"), (4, 4, "####", "████"),
            (9, 4, "####", "████"),
            (399, 400, "###.", "███░"), (-1, 4, "....", "░░░░"),
        ] as [(Int64, Int64, String, String)])
    func barsAreFullOnlyAtTheEnd(done: Int64, total: Int64, ascii: String, unicode: String) {
        #expect(Bar.text(done: done, of: total, width: 4, unicode: false) == ascii)
        #expect(Bar.text(done: done, of: total, width: 4, unicode: true) == unicode)
    }
}
