/// Why the service manager or the journal could not be told something. Never a reason to stop working.
package struct SystemdError: Error, CustomStringConvertible {
    /// A stable name for the kind of fault; compare by it.
    package struct Code: RawRepresentable, Hashable, Sendable {
        /// The kebab-case string.
        package let rawValue: String
        /// A code by its string.
        package init(rawValue: String) { self.rawValue = rawValue }

        /// The address is neither an absolute path nor an abstract name (`@…`), or is too long for `sockaddr_un`.
        package static let badAddress = Code(rawValue: "systemd-bad-address")
        /// The kernel refused the socket or the datagram; `errno` says why.
        package static let notSent = Code(rawValue: "systemd-not-sent")
        /// A variable that systemd sets holds something else than its man page says.
        package static let badEnvironment = Code(rawValue: "systemd-bad-environment")
    }

    /// The kind of fault.
    package let code: Code
    /// One sentence for people.
    package let message: String
    /// The error number of the failed call; 0 where none failed.
    package let errno: Int32

    init(_ code: Code, _ message: String, errno: Int32 = 0) {
        self.code = code
        self.message = message
        self.errno = errno
    }

    package var description: String { message }
}
