import Glibc
import Terminal
import Testing

@Suite struct TraitsTests {
    /// A pseudo terminal of 100 × 30; both ends are closed by the body's end.
    private func withTerminal(_ body: (Int32) throws -> Void) throws {
        // posix_openpt(3) and its kin by hand: the Glibc module hides them (pts(4), ioctl_tty(2)).
        let controller = open("/dev/ptmx", O_RDWR | O_NOCTTY)
        try #require(controller >= 0)
        defer { close(controller) }
        var unlock: CInt = 0
        var number: CInt = 0
        try #require(ioctl(controller, 0x4004_5431, &unlock) == 0 && ioctl(controller, 0x8004_5430, &number) == 0)
        let terminal = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
        try #require(terminal >= 0)
        defer { close(terminal) }
        var size = winsize(ws_row: 30, ws_col: 100, ws_xpixel: 0, ws_ypixel: 0)
        try #require(ioctl(terminal, UInt(TIOCSWINSZ), &size) == 0)
        try body(terminal)
    }

    @Test(arguments: [
        (["TERM": "xterm"], true, true), (["TERM": "dumb"], false, false), ([:], false, false),
        (["TERM": "xterm", "NO_COLOR": "1"], true, false), (["TERM": "xterm", "NO_COLOR": ""], true, true),
        (["TERM": "xterm", "NO_COLOR": "1", "CLICOLOR_FORCE": "1"], true, false),
    ])
    func aTerminalByItsEnvironment(environment: [String: String], isInteractive: Bool, hasColor: Bool) throws {
        try withTerminal { terminal in
            let traits = TerminalTraits(descriptor: terminal, environment: environment)
            #expect(traits.isInteractive == isInteractive)
            #expect(traits.hasColor == hasColor)
            #expect(traits.size == TerminalTraits.Size(width: 100, height: 30))
        }
    }

    @Test(arguments: [
        (["TERM": "xterm"], false), (["TERM": "xterm", "CLICOLOR_FORCE": "1"], true),
        (["CLICOLOR_FORCE": "0"], false), (["CLICOLOR_FORCE": "1", "NO_COLOR": "x"], false),
    ])
    func aPipeHasNoWidthAndColourOnlyByForce(environment: [String: String], hasColor: Bool) throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { ends.forEach { close($0) } }
        let traits = TerminalTraits(descriptor: ends[1], environment: environment)
        #expect(!traits.isInteractive && traits.size == nil)
        #expect(traits.hasColor == hasColor)
    }

    @Test(arguments: [
        (["LANG": "C.UTF-8"], true), (["LANG": "de_DE.utf8"], true), (["LANG": "C"], false), ([:], false),
        (["LC_ALL": "C", "LANG": "C.UTF-8"], false), (["LC_ALL": "", "LANG": "C.UTF-8"], true),
    ])
    func lettersBeyondASCIIByTheLocale(environment: [String: String], hasUnicode: Bool) throws {
        try withTerminal { terminal in
            #expect(TerminalTraits(descriptor: terminal, environment: environment).hasUnicode == hasUnicode)
        }
    }

    @Test func writingWhereNobodyReadsIsAnErrorOfItsOwn() throws {
        signal(SIGPIPE, SIG_IGN)
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { close(ends[1]) }
        let output = Output(descriptor: ends[1])
        try output.write("x")
        close(ends[0])
        #expect(#expect(throws: TerminalError.self) { try output.write("y") }?.code == .closed)
        #expect(#expect(throws: TerminalError.self) { try Output(descriptor: -1).write("y") }?.code == .failed)
    }
}
