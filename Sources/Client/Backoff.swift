/// How long to wait between attempts to connect: twice as long each time, up to a limit, spread by chance so that many
/// peers of a restarted server do not all come at the same moment.
package struct Backoff: Sendable {
    /// The first wait, before the spread.
    package let first: Duration
    /// The longest wait, before the spread.
    package let longest: Duration
    private var attempts = 0

    /// Waits from `first` up to `longest`.
    package init(first: Duration = .milliseconds(100), longest: Duration = .seconds(5)) {
        self.first = first
        self.longest = longest
    }

    /// An attempt failed: how long to wait before the next.
    ///
    /// - Parameter chance: A random number from 0 to 1.
    /// - Returns: The wait, between 75 % and 125 % of the nominal one.
    package mutating func failed(chance: Double) -> Duration {
        let nominal = min(longest, first * (1 << min(attempts, 16)))
        attempts += 1
        return nominal * (0.75 + 0.5 * min(1, max(0, chance)))
    }

    /// An attempt succeeded: the next failure starts from the beginning.
    package mutating func succeeded() { attempts = 0 }
}
