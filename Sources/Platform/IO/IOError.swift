import Glibc

/// Why a wait, a socket or a file operation failed.
package struct IOError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it was; stable, compare by it.
    package struct Code: Sendable, Hashable {
        /// The stable word for it.
        package let name: String

        private init(_ name: String) {
            self.name = name
        }

        /// The deadline passed first.
        package static let timedOut = Code("timed-out")
        /// The task was cancelled.
        package static let cancelled = Code("cancelled")
        /// The descriptor was closed on our side while it was waited for or used.
        package static let closed = Code("closed")
        /// The peer closed or reset the connection.
        package static let peerGone = Code("peer-gone")
        /// Nobody listens at that address.
        package static let refused = Code("refused")
        /// Another socket has that address.
        package static let addressInUse = Code("address-in-use")
        /// The text is no address, or the path is too long for one.
        package static let badAddress = Code("bad-address")
        /// No such file, directory or socket.
        package static let notFound = Code("not-found")
        /// It is there already.
        package static let exists = Code("exists")
        /// The user may not do that.
        package static let notPermitted = Code("not-permitted")
        /// The disk or the quota is full (ENOSPC, EDQUOT).
        package static let noSpace = Code("no-space")
        /// The process or the system has no descriptor left (EMFILE, ENFILE).
        package static let noDescriptors = Code("no-descriptors")
        /// More bytes than the caller allows.
        package static let tooLarge = Code("too-large")
        /// Another process holds the lock.
        package static let locked = Code("locked")
        /// It is not the kind of thing it should be: a file where a socket belongs, text that is not UTF-8.
        package static let wrongKind = Code("wrong-kind")
        /// Any other answer of the system; `errno` tells.
        package static let system = Code("system")
    }

    /// What kind of failure it was.
    package let code: Code
    /// A sentence that names the thing, the value and the limit.
    package let message: String
    /// The number of the system's error, when a system call failed.
    package let errno: Int32?

    /// A failure that is no system call's.
    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
        errno = nil
    }

    /// The failure of the system call `operation` on `subject`; `number` is its errno, read before anything else ran.
    package init(system number: Int32, _ operation: String, _ subject: String) {
        code = IOError.code(of: number)
        message = "\(operation) \(subject): \(String(cString: strerror(number)))"
        errno = number
    }

    /// The sentence.
    package var description: String { message }

    private static func code(of number: Int32) -> Code {
        switch number {
        case ENOENT: .notFound
        case EEXIST: .exists
        case EACCES, EPERM, EROFS: .notPermitted
        case ENOSPC, EDQUOT: .noSpace
        case EMFILE, ENFILE: .noDescriptors
        case EPIPE, ECONNRESET, ENOTCONN: .peerGone
        case ECONNREFUSED: .refused
        case EADDRINUSE: .addressInUse
        case ETIMEDOUT: .timedOut
        case EBADF: .closed
        case EFBIG: .tooLarge
        default: .system
        }
    }
}
