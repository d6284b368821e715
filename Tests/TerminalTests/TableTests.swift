import Terminal
import Testing

@Suite struct TableTests {
    private var table: Table {
        var table = Table([.init("NAME"), .init("SIZE", side: .right), .init("TITLE", mayShrink: true)])
        table.add(["a.iso", "412 MiB", "a long title that nobody reads to its end"])
        table.add(["日本.iso", "1 B", Painted("short", .green)])
        return table
    }

    @Test func columnsStandUnderOneAnother() {
        #expect(
            table.lines(width: nil).map(\.text) == [
                "NAME         SIZE  TITLE",
                "a.iso     412 MiB  a long title that nobody reads to its end",
                "日本.iso      1 B  short",
            ])
    }

    @Test func onlyWhatMayShrinkIsCut() {
        #expect(
            table.lines(width: 40).map(\.text) == [
                "NAME         SIZE  TITLE",
                "a.iso     412 MiB  a long title that no…",
                "日本.iso      1 B  short",
            ])
        #expect(table.lines(width: 40).allSatisfy { $0.columns <= 40 })
        // Too narrow for all: the columns that must be whole stay whole.
        #expect(table.lines(width: 5).map(\.text)[1] == "a.iso     412 MiB  a long …")
    }

    @Test func coloursComeLastAndOnlyWhereWanted() {
        let line = table.lines(width: nil)[2]
        #expect(line.rendered(Palette(isEnabled: false)) == line.text)
        #expect(line.rendered(Palette(isEnabled: true)).hasSuffix("\u{1B}[32mshort\u{1B}[0m"))
    }

    @Test func paintedLinesAreCutByTheirText() {
        let line = Painted("abc", .red) + "def" + Painted("ghi", .bold)
        #expect(line.cut(to: 9) == line)
        #expect(line.cut(to: 8).text == "abcdefg…")
        #expect(line.cut(to: 6).text == "abcde…")
        #expect(line.cut(to: 3).text == "ab…")
        #expect(line.cut(to: 0).text == "")
        #expect(line.padded(to: 12).columns == 12)
    }
}
