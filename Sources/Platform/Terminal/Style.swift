/// A way to set letters off.
package enum Style: String, Sendable, CaseIterable {
    case bold = "1"
    case dim = "2"
    case red = "31"
    case green = "32"
    case yellow = "33"
    case cyan = "36"
}

/// Paints text where colour is wanted, and leaves it alone elsewhere.
package struct Palette: Sendable, Equatable {
    /// Whether anything is painted.
    package let isEnabled: Bool

    /// A palette for a place.
    package init(isEnabled: Bool) { self.isEnabled = isEnabled }

    /// The text in a style. Empty text stays empty.
    package func paint(_ text: String, _ style: Style) -> String {
        isEnabled && !text.isEmpty ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
    }
}
