import FactoryProtocol
import Terminal

/// A way of showing a build: fed with events, gives lines. Pure; where the lines go is the loop's matter.
protocol WatchView: Sendable {
    /// The lines that an event adds for good.
    mutating func feed(_ event: Event) -> [Painted]
    /// The lines about the connection: lost, there again.
    mutating func notice(_ text: String) -> [Painted]
    /// The one last line, whatever the ending, with what explains it before it.
    mutating func end(_ ending: WatchEnding) -> [Painted]
}
