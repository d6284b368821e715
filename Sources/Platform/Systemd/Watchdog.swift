/// What `WatchdogSec=` of the unit asks for: sd_watchdog_enabled(3).
package struct Watchdog: Sendable, Hashable {
    /// After this long without a ping systemd kills the service.
    package let limit: Duration

    /// How often to ping: half the limit, as the man page advises.
    package var interval: Duration { limit / 2 }

    /// Reads `WATCHDOG_USEC` and `WATCHDOG_PID` of `environment`; nil when no watchdog runs, or when it is meant for
    /// another process than `processID`.
    package init?(environment: [String: String], processID: Int32) throws(SystemdError) {
        guard let text = environment["WATCHDOG_USEC"], !text.isEmpty else { return nil }
        if let meant = environment["WATCHDOG_PID"], !meant.isEmpty {
            guard let id = Int32(meant), id > 0 else {
                throw SystemdError(.badEnvironment, "WATCHDOG_PID is \"\(meant)\", expected a process id")
            }
            guard id == processID else { return nil }
        }
        guard let microseconds = Int64(text), microseconds > 0 else {
            throw SystemdError(.badEnvironment, "WATCHDOG_USEC is \"\(text)\", expected microseconds above 0")
        }
        limit = .microseconds(microseconds)
    }
}
