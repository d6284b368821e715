/// Why a cryptographic operation failed.
package struct CryptoError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it was; stable, compare by it.
    package struct Code: Sendable, Hashable {
        /// The stable word for it.
        package let name: String

        private init(_ name: String) {
            self.name = name
        }

        /// The file could not be read; `errno` tells.
        package static let unreadable = Code("unreadable")
        /// OpenSSL refused.
        package static let library = Code("library")
        /// The task was cancelled.
        package static let cancelled = Code("cancelled")
    }

    /// What kind of failure it was.
    package let code: Code
    /// A sentence that names the thing.
    package let message: String
    /// The number of the system's error, when a system call failed.
    package let errno: Int32?

    init(_ code: Code, _ message: String, errno: Int32? = nil) {
        self.code = code
        self.message = message
        self.errno = errno
    }

    /// The sentence.
    package var description: String { message }
}
