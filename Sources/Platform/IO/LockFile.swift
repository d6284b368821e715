import CLinux
import Glibc

/// A lock between processes: flock(2) on a file.
///
/// The lock ends with the object, or with the process however it dies. The file holds the process number of the last
/// exclusive holder, for messages only. Only ``remove()`` may delete the file: whoever opened it before and locks it
/// afterwards sees that its name means another file by now, and opens that one.
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
    private let kind: Kind
    private let descriptor: Descriptor

    /// How often a file that is removed under our hands is opened anew before it counts as locked.
    private static let tries = 100

    private init(_ path: String, _ kind: Kind, _ descriptor: Descriptor) {
        self.path = path
        self.kind = kind
        self.descriptor = descriptor
    }

    /// Takes the lock at once.
    ///
    /// - Throws: `.locked`, naming the process that holds it.
    package static func acquire(_ path: String, _ kind: Kind = .exclusive) throws(IOError) -> LockFile {
        for _ in 0..<tries {
            if let lock = try attempt(path, kind) { return lock }
        }
        throw IOError(.locked, "\(path) was removed \(tries) times while it was to be locked")
    }

    /// The lock; nil when its file lost its name between the open and the lock.
    private static func attempt(_ path: String, _ kind: Kind) throws(IOError) -> LockFile? {
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
        guard try isNamed(path, descriptor) else { return nil }
        if kind == .exclusive {
            // For messages only: the lock is held also where a full disk has no room for its holder's number.
            let text = Array("\(getpid())\n".utf8)
            if ftruncate(number, 0) == 0 { _ = pwrite(number, text, text.count, 0) }
        }
        return LockFile(path, kind, descriptor)
    }

    /// Whether the path still means the open file.
    private static func isNamed(_ path: String, _ file: Descriptor) throws(IOError) -> Bool {
        let ours = try FileIO.status(of: file)
        guard let named = try FileIO.status(path) else { return false }
        return named.inode == ours.inode && named.device == ours.device
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

    /// Removes the file and gives the lock up. Only for who holds it exclusively.
    package func remove() throws(IOError) {
        precondition(kind == .exclusive, "a lock file may be removed only by who holds it alone")
        defer { release() }
        // Removed by hand and made again: that file belongs to others.
        guard try Self.isNamed(path, descriptor) else { return }
        try FileIO.removeFile(path)
    }

    /// Gives the lock up before the object goes.
    package func release() {
        // Not by closing alone: a program that is just being started has a copy of the descriptor until its exec.
        descriptor.withNumber { _ = flock($0, LOCK_UN) }
        descriptor.close()
    }

    deinit { release() }
}
