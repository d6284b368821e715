/// How long a job waits for its next attempt, and how many it gets.
package struct RetryPolicy: Sendable, Equatable {
    /// Before the second attempt; doubled for each one more.
    package var first: Duration
    /// The longest wait.
    package var longest: Duration
    /// After a worker declined: its reason may pass.
    package var afterDecline: Duration

    /// A policy; the defaults are those of a farm on real machines.
    package init(
        first: Duration = .seconds(10), longest: Duration = .seconds(300), afterDecline: Duration = .seconds(5)
    ) {
        (self.first, self.longest, self.afterDecline) = (first, longest, afterDecline)
    }

    /// The wait after attempt number `attempt` failed.
    package func delay(after attempt: Int) -> Duration {
        min(longest, first * Int(1 << min(20, max(0, attempt - 1))))
    }
}
