import Glibc
import IO
import Processes

/// How long a job may take, as its agent sees to it.
///
/// The job's process keeps the time itself and says what it was doing; this is for one that cannot any more.
package struct JobTimeLimit: Sendable {
    /// What the order allows, in seconds.
    package let seconds: Int64
    /// How much longer the process has for ending itself.
    private let margin: Duration

    package init(seconds: Int64, margin: Duration = .seconds(30)) {
        self.seconds = seconds
        self.margin = margin
    }

    /// ``seconds`` as a span. At most a century: the number is the farm's, and a clock has an end.
    private var limit: Duration { .seconds(min(max(seconds, -3_155_760_000), 3_155_760_000)) }

    /// Waits until the time of that process is over, counted from its start, whoever started it.
    ///
    /// - Returns: Whether it is over; false when the task was cancelled.
    func passed(_ pid: Int32) async -> Bool {
        // A process that is gone needs no limit, and whoever waits for its end is about to hear of it.
        let age = ProcessFacts(pid: pid)?.age ?? .zero
        do throws(IOError) {
            try await Poller.shared.sleep(until: .in(max(.zero, limit + margin - age)))
            return true
        } catch {
            return false
        }
    }
}
