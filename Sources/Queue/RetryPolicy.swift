package import FactoryProtocol

/// How long a job waits for its next attempt, and how many it gets.
package struct RetryPolicy: Sendable, Equatable {
    /// Before the second attempt; doubled for each one more.
    package var first: Duration
    /// The longest wait.
    package var longest: Duration
    /// After a worker declined: its reason may pass. Doubled for each decline more.
    package var afterDecline: Duration
    /// So many declines in a row count as a failed attempt: nothing is asked for ever.
    package var declines: Int

    /// A policy; the defaults are those of a farm on real machines.
    package init(
        first: Duration = .seconds(10), longest: Duration = .seconds(300), afterDecline: Duration = .seconds(5),
        declines: Int = 8
    ) {
        (self.first, self.longest) = (first, longest)
        (self.afterDecline, self.declines) = (afterDecline, declines)
    }

    /// The wait after attempt number `attempt` failed.
    package func delay(after attempt: Int) -> Duration {
        doubled(first, attempt)
    }

    /// The wait after decline number `count` in a row.
    package func delay(afterDecline count: Int) -> Duration {
        doubled(afterDecline, count)
    }

    /// Whether a job that waits until `notBefore` may be claimed. A wait that is longer than the longest comes of a clock
    /// that was set back meanwhile, and is over.
    package func isDue(_ notBefore: Timestamp, at now: Timestamp) -> Bool {
        notBefore <= now || notBefore > now.advanced(by: longest)
    }

    private func doubled(_ duration: Duration, _ count: Int) -> Duration {
        min(longest, duration * Int(1 << min(20, max(0, count - 1))))
    }
}
