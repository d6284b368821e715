/// Tells the service manager how this service is doing: sd_notify(3), without libsystemd.
package struct Notifier: Sendable {
    /// One assignment of the notification protocol.
    package enum Message: Sendable, Hashable {
        /// Start-up is done (`Type=notify`).
        case ready
        /// One line for `systemctl status`.
        case status(String)
        /// Shutting down has begun.
        case stopping
        /// Still alive; see ``Watchdog``.
        case watchdog
        /// The process that counts, when it is not the one that was started.
        case mainProcess(Int32)
        /// Start-up or shutdown needs this much longer.
        case extendTimeout(Duration)

        var line: String {
            switch self {
            case .ready: "READY=1"
            // A line break would begin another assignment.
            case .status(let text): "STATUS=" + text.map { $0.isNewline ? " " : String($0) }.joined()
            case .stopping: "STOPPING=1"
            case .watchdog: "WATCHDOG=1"
            case .mainProcess(let id): "MAINPID=\(id)"
            case .extendTimeout(let time): "EXTEND_TIMEOUT_USEC=\(time.microseconds)"
            }
        }
    }

    /// The socket of the service manager: an absolute path or `@name`.
    package let address: String

    /// A notifier to the socket at `address`.
    package init(address: String) {
        self.address = address
    }

    /// The notifier that `NOTIFY_SOCKET` in `environment` names; nil when nobody wants to be notified, which is so
    /// whenever the program was not started by systemd.
    package init?(environment: [String: String]) {
        guard let address = environment["NOTIFY_SOCKET"], !address.isEmpty else { return nil }
        self.init(address: address)
    }

    /// Sends the messages as one datagram, in order.
    package func send(_ messages: Message...) throws(SystemdError) {
        let text = messages.map(\.line).joined(separator: "\n")
        try Datagram.send([UInt8](text.utf8), to: address)
    }
}

extension Duration {
    /// Whole microseconds, the unit of systemd's protocols.
    var microseconds: Int64 { components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000 }
}
