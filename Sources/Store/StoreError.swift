import Crypto
import IO

/// Why the store does not do what it was asked.
package struct StoreError: Error, Sendable, CustomStringConvertible {
    /// A stable name.
    package struct Code: RawRepresentable, Sendable, Hashable {
        package let rawValue: String
        package init(rawValue: String) { self.rawValue = rawValue }

        /// There is no blob of this digest.
        package static let notFound = Code(rawValue: "unknown-digest")
        /// The bytes received have another digest than they should; they are gone.
        package static let digestMismatch = Code(rawValue: "digest-mismatch")
        /// The bytes of a blob are not what they were when it was stored; its file was set aside.
        package static let damaged = Code(rawValue: "damaged-blob")
        /// A part that does not begin where the upload ends, or goes beyond its size.
        package static let badRange = Code(rawValue: "bad-range")
        /// Another request writes to this upload right now.
        package static let busy = Code(rawValue: "upload-busy")
        /// There is no room for it on the disk beside what is kept for the queue and the logs. Nothing of it is kept.
        package static let diskFull = Code(rawValue: "disk-full")
        /// It would fit if other uploads had not announced the room. Try again when those have ended.
        package static let roomTaken = Code(rawValue: "room-taken")
        /// A name that is no plain file name, or of a file that cannot be taken.
        package static let badName = Code(rawValue: "bad-name")
        /// The attempt has ended, and what it sent is gone.
        package static let attemptEnded = Code(rawValue: "attempt-ended")
        /// A call of the operating system failed.
        package static let io = Code(rawValue: "store-io")
    }

    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    init(_ error: IOError) { self.init(error.code == .noSpace ? .diskFull : .io, error.message) }

    init(_ error: CryptoError) { self.init(.io, error.message) }

    package var description: String { message }
}
