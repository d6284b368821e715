import FactoryProtocol
import Terminal

/// Nothing but the one last line.
struct QuietView: WatchView {
    private let build: BuildID
    private let next: NextCommand

    init(build: BuildID, next: NextCommand) { (self.build, self.next) = (build, next) }

    mutating func feed(_ event: Event) -> [Painted] { [] }

    mutating func notice(_ text: String) -> [Painted] { [] }

    mutating func end(_ ending: WatchEnding) -> [Painted] { [Painted(ending.line(build: build, next: next))] }
}
