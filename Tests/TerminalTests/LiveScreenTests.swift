import Terminal
import Testing

@Suite struct LiveScreenTests {
    private static let size = TerminalTraits.Size(width: 20, height: 5)

    @Test func liveLinesAreReplacedAndFinishedOnesStay() {
        var screen = Screen(width: 20, height: 5)
        var live = LiveScreen(palette: Palette(isEnabled: false))
        screen.feed("$ watch\n")
        screen.feed(live.draw(["image 1/3", "iso waiting"], size: Self.size))
        screen.feed(live.draw(["image 2/3"], above: ["log line"], size: Self.size))
        #expect(screen.lines == ["$ watch", "log line", "image 2/3", ""])
        screen.feed(live.draw(["image", "iso 1/2", "boot"], above: ["a", "b"], size: Self.size))
        #expect(screen.lines == ["$ watch", "log line", "a", "b", "image", "iso 1/2", "boot", ""])
        screen.feed(live.clear(width: 20))
        #expect(screen.lines == ["$ watch", "log line", "a", "b", ""])
        #expect(live.clear(width: 20).isEmpty)
    }

    @Test func nothingIsWiderOrHigherThanTheScreen() {
        var screen = Screen(width: 20, height: 5)
        var live = LiveScreen(palette: Palette(isEnabled: true))
        let long = String(repeating: "x", count: 50)
        for _ in 0..<3 { screen.feed(live.draw([Painted](repeating: Painted(long, .red), count: 9), size: Self.size)) }
        #expect(screen.lines == [String](repeating: String(repeating: "x", count: 18) + "…", count: 4) + [""])
        #expect(!screen.wrapped)
    }

    @Test func linesForGoodMayWrapWithoutHarm() {
        var screen = Screen(width: 20, height: 5)
        var live = LiveScreen(palette: Palette(isEnabled: false))
        screen.feed(live.draw(["live"], size: Self.size))
        screen.feed(live.draw(["live"], above: [Painted(String(repeating: "y", count: 30))], size: Self.size))
        #expect(screen.lines == [String(repeating: "y", count: 20), String(repeating: "y", count: 10), "live", ""])
    }

    @Test func aNarrowerScreenIsRewoundByTheRowsItHas() {
        var live = LiveScreen(palette: Palette(isEnabled: false))
        _ = live.draw([Painted(String(repeating: "x", count: 15)), "y"], size: Self.size)
        // 15 columns on a screen of 10 are two rows now.
        #expect(live.clear(width: 10).hasPrefix("\r\u{1B}[3A"))
    }

    @Test func atMostTenDrawingsASecond() {
        var pace = RedrawPace()
        let start = ContinuousClock.now
        #expect(pace.wait(at: start) == .zero)
        pace.drew(at: start)
        #expect(pace.wait(at: start + .milliseconds(30)) == .milliseconds(70))
        #expect(pace.wait(at: start + .milliseconds(100)) == .zero)
        var drawn = 0
        for millisecond in 0..<1000 where pace.wait(at: start + .milliseconds(200 + millisecond)) == .zero {
            pace.drew(at: start + .milliseconds(200 + millisecond))
            drawn += 1
        }
        #expect(drawn == 10)
    }
}
