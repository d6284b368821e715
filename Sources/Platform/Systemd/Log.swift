import Glibc

/// Where a service writes its log: into the journal with fields when standard error goes there, else as lines on
/// standard error.
package struct Log: Sendable {
    /// The form of an entry.
    package enum Form: Sendable, Hashable {
        /// A datagram to the journal's socket; when that fails, a line with the `<N>` prefix of
        /// sd-daemon(3) on standard error, which the journal reads too.
        case journal(socket: String)
        /// Lines for people: the priority as a word.
        case plain
    }

    /// Where the journal listens, unless a test says otherwise.
    package static let journalSocket = "/run/systemd/journal/socket"

    /// The form in which entries are written.
    package let form: Form
    /// Entries less urgent than this are left out.
    package let threshold: Priority
    private let identifier: String
    private let fieldPrefix: String
    private let descriptor: Int32

    /// A log of the program `identifier`; names of values become journal fields `FIELDPREFIX_NAME`.
    /// `descriptor` stays the caller's; it is standard error everywhere but in tests.
    package init(
        identifier: String, fieldPrefix: String, form: Form, threshold: Priority = .info,
        descriptor: Int32 = STDERR_FILENO
    ) {
        self.identifier = identifier
        self.fieldPrefix = fieldPrefix
        self.form = form
        self.threshold = threshold
        self.descriptor = descriptor
    }

    /// The form that fits `environment`: `JOURNAL_STREAM` holds device and inode of the journal's stream
    /// (systemd.exec(5)); only when `descriptor` is that very stream does the journal read it.
    package static func form(
        environment: [String: String], descriptor: Int32 = STDERR_FILENO, socket: String = journalSocket
    ) -> Form {
        guard let stream = environment["JOURNAL_STREAM"] else { return .plain }
        var status = stat()
        guard fstat(descriptor, &status) == 0, stream == "\(status.st_dev):\(status.st_ino)" else { return .plain }
        return .journal(socket: socket)
    }

    /// Writes one entry. A log that cannot be written is no reason to fail, so nothing is thrown.
    package func write(_ priority: Priority, _ message: String, _ values: [String: String] = [:]) {
        guard priority <= threshold else { return }
        let entry = LogEntry(priority, message, values)
        switch form {
        case .journal(let socket):
            let datagram = entry.journalDatagram(identifier: identifier, fieldPrefix: fieldPrefix)
            do throws(SystemdError) {
                try Datagram.send(datagram, to: socket)
            } catch {
                // Too long for a datagram, or the journal restarts: the stream on standard error still reaches it.
                writeLine("<\(priority.rawValue)>\(entry.line)")
            }
        case .plain: writeLine("\(identifier): \(priority.word): \(entry.line)")
        }
    }

    /// One write(2) a line, so that lines of several threads do not mix.
    private func writeLine(_ line: String) {
        let bytes = [UInt8]((line + "\n").utf8)
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { raw in
                Glibc.write(descriptor, raw.baseAddress.map { $0 + written }, bytes.count - written)
            }
            if count > 0 {
                written += count
            } else if errno != EINTR {
                return  // Nobody reads standard error; there is no other place to say so.
            }
        }
    }
}
