/// Decides when a screen is drawn again: at most ten times a second, however fast the news come.
package struct RedrawPace: Sendable {
    /// The shortest time between two drawings.
    package static let shortest = Duration.milliseconds(100)

    private var last: ContinuousClock.Instant?

    /// A pace that lets the first drawing through at once.
    package init() {}

    /// News came: how long to wait before they are drawn; zero for now.
    package func wait(at now: ContinuousClock.Instant) -> Duration {
        guard let last else { return .zero }
        return max(.zero, Self.shortest - (now - last))
    }

    /// The screen was drawn.
    package mutating func drew(at now: ContinuousClock.Instant) { last = now }
}
