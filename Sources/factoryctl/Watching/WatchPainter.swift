import FactoryClient
import FactoryProtocol
import Terminal

/// Puts what a view says onto the output: at once where lines only follow one another, at most ten times a second where
/// a screen is drawn again.
///
/// An actor, because news and the clock come from two tasks.
actor WatchPainter {
    private var view: any WatchView
    private let call: Call
    private let descriptor: Int32
    private var screen: LiveScreen?
    private var pace = RedrawPace()
    /// Lines for good that wait for the next drawing.
    private var above: [Painted] = []

    /// - Parameters:
    ///   - view: What shows the build.
    ///   - isScreen: Whether lines are drawn again.
    ///   - call: Where to.
    ///   - descriptor: The terminal, asked for its size at each drawing.
    init(view: any WatchView, isScreen: Bool, call: Call, descriptor: Int32) {
        self.view = view
        self.call = call
        self.descriptor = descriptor
        screen = isScreen ? LiveScreen(palette: call.palette) : nil
    }

    /// Something happened.
    func show(_ news: BuildWatcher.News) async throws {
        let lines =
            switch news {
            case .event(let event): view.feed(event)
            case .lost: view.notice("the connection to factoryd is lost; trying again")
            case .resumed: view.notice("connected again, nothing was missed")
            }
        above += lines
        guard screen == nil || pace.wait(at: .now) == .zero else { return }
        try await draw()
    }

    /// The clock went on: running times change, and what waited is drawn.
    func tick() async throws {
        guard screen != nil, pace.wait(at: .now) == .zero else { return }
        try await draw()
    }

    /// A line that is no event.
    func say(_ text: String) async throws {
        above += view.notice(text)
        try await draw()
    }

    /// The end: what is drawn goes, the last line stays.
    func finish(_ ending: WatchEnding) async throws {
        let last = above + view.end(ending)
        above = []
        let width = TerminalTraits.size(of: descriptor, environment: call.environment).width
        let cleared = screen?.clear(width: width) ?? ""
        try await call.output.write(cleared + last.map { $0.rendered(call.palette) + "\n" }.joined())
    }

    private func draw() async throws {
        let lines = above
        above = []
        guard screen != nil, let drawn = view as? ScreenView else {
            try await call.print(lines)
            return
        }
        let size = TerminalTraits.size(of: descriptor, environment: call.environment)
        pace.drew(at: .now)
        let bytes = screen?.draw(drawn.live(now: ClockTime.now(), width: size.width), above: lines, size: size)
        try await call.output.write(bytes ?? "")
    }
}
