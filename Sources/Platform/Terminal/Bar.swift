/// A bar that fills: `██████░░░░`, or `######....` where there is only ASCII.
package enum Bar {
    /// A bar of `width` columns for a part of a whole; what is beyond the whole counts as full.
    package static func text(done: Int64, of total: Int64, width: Int, unicode: Bool) -> String {
        guard total > 0, width > 0 else { return "" }
        let share = min(1, max(0, Double(done) / Double(total)))
        let full = share == 1 ? width : min(width - 1, Int(share * Double(width)))
        return String(repeating: unicode ? "█" : "#", count: full)
            + String(repeating: unicode ? "░" : ".", count: width - full)
    }
}
