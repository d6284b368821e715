import CLinux
import Glibc

/// A lock between processes: flock(2) on a file that is never deleted.
///
/// The lock ends with the object, or with the process however it dies. The file holds the process number of the last
/// exclusive holder, for messages only. Deleting the file would let two processes lock two files of one name.
package final class LockFile: Sendable {
    /// Who else may hold it.
    package enum Kind: Sendable {
        /// Nobody.
        case exclusive
        /// Other shared holders.
        case shared
    }

    /// The lock file.
    package let path: String
    private let descriptor: Descriptor

    private init(_ path: String, _ descriptor: Descriptor) {
        self.path = path
        self.descriptor = descriptor
    }

    /// Takes the lock at once.
    ///
    /// - Throws: `.locked`, naming the process that holds it.
    package static func acquire(_ path: String, _ kind: Kind = .exclusive) throws(IOError) -> LockFile {
        let number = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard number >= 0 else { throw IOError(system: errno, "open", path) }
        let descriptor = Descriptor(ready: number)
        let operation = kind == .exclusive ? LOCK_EX : LOCK_SH
        while flock(number, operation | LOCK_NB) != 0 {
            switch errno {
            case EINTR: continue
            case EWOULDBLOCK:
                let holder = (try? holder(of: path)).flatMap { $0 }.map { "process \($0)" } ?? "another process"
                throw IOError(.locked, "\(path) is locked by \(holder)")
            default: throw IOError(system: errno, "flock", path)
            }
        }
        if kind == .exclusive {
            // For messages only: the lock is held also where a full disk has no room for its holder's number.
            let text = Array("\(getpid())\n".utf8)
            if ftruncate(number, 0) == 0 { _ = pwrite(number, text, text.count, 0) }
        }
        return LockFile(path, descriptor)
    }

    /// Takes the lock, trying again until the deadline.
    ///
    /// - Throws: `.locked` at the deadline, `.cancelled`.
    package static func acquire(
        _ path: String, _ kind: Kind = .exclusive, until deadline: Deadline
    ) async throws(IOError) -> LockFile {
        var pause = Duration.milliseconds(5)
        while true {
            do throws(IOError) {
                return try acquire(path, kind)
            } catch {
                guard error.code == .locked, !deadline.hasPassed else { throw error }
            }
            try await Poller.shared.sleep(until: min(deadline, .in(pause)))
            pause = min(pause * 2, .milliseconds(200))
        }
    }

    /// The process that the file names; it need not live any more. Nil when it names none.
    package static func holder(of path: String) throws(IOError) -> Int32? {
        let text = String(decoding: try FileIO.read(path, limit: 64), as: UTF8.self)
        return Int32(text.prefix { $0 != "\n" })
    }

    /// Gives the lock up before the object goes.
    package func release() {
        descriptor.close()
    }
}
