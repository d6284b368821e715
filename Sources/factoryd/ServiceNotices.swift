import FactoryQueue
import Glibc
import IO
import Systemd

/// What systemd is told: ready, alive, stopping. Nothing when it did not start us.
struct ServiceNotices: Sendable {
    private let notifier: Notifier?
    private let watchdog: Watchdog?
    private let journal: Journal

    init(environment: [String: String], journal: Journal) throws(SystemdError) {
        notifier = Notifier(environment: environment)
        watchdog = try Watchdog(environment: environment, processID: getpid())
        self.journal = journal
    }

    func ready(_ status: String) { send(.ready, .status(status)) }

    func stopping() { send(.stopping) }

    /// Says that we live, for as long as the queue really writes: a daemon that hangs is restarted.
    func feedWatchdog(_ store: JobStore) async {
        guard let watchdog else { return }
        while !Task.isCancelled {
            if await store.writes() { send(.watchdog) }
            do throws(IOError) {
                try await Poller.shared.sleep(until: .in(watchdog.interval))
            } catch {
                return  // cancelled
            }
        }
    }

    private func send(_ messages: Notifier.Message...) {
        for message in messages {
            do throws(SystemdError) {
                try notifier?.send(message)
            } catch {
                journal.error("The service manager could not be told.", ["why": error.message])
            }
        }
    }
}
