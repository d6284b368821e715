import Glibc
import IO

/// An append-only file of lines. Blocking, but only as long as the page cache takes.
final class LogFile: Sendable {
    let path: String
    private let descriptor: Int32

    /// Opens the file, and makes it when there is none.
    init(path: String) throws(EventsError) {
        self.path = path
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o640)
        guard descriptor >= 0 else { throw EventsError.system("open", path) }
    }

    /// Opens a file for reading alone; nil when there is none.
    static func existing(_ path: String) throws(EventsError) -> LogFile? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        if descriptor >= 0 { return LogFile(path: path, descriptor: descriptor) }
        guard errno == ENOENT || errno == ENOTDIR else { throw EventsError.system("open", path) }
        return nil
    }

    /// A new file beside a log, for what of it is unreadable: `events.ndjson.corrupt`, then `.corrupt.2` and so on.
    static func aside(_ path: String) throws(EventsError) -> LogFile {
        var number = 1
        while true {
            let name = path + ".corrupt" + (number == 1 ? "" : ".\(number)")
            let descriptor = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o640)
            if descriptor >= 0 { return LogFile(path: name, descriptor: descriptor) }
            guard errno == EEXIST else { throw EventsError.system("open", name) }
            number += 1
        }
    }

    private init(path: String, descriptor: Int32) { (self.path, self.descriptor) = (path, descriptor) }

    deinit { close(descriptor) }

    var size: Int64 {
        get throws(EventsError) {
            var status = stat()
            guard fstat(descriptor, &status) == 0 else { throw EventsError.system("stat", path) }
            return Int64(status.st_size)
        }
    }

    /// Writes all bytes at `offset`. When that fails the file is cut back, so that no half line stays.
    func write(_ bytes: [UInt8], at offset: Int64) throws(EventsError) {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                pwrite(descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done, Int(offset) + done)
            }
            if count > 0 {
                done += count
            } else if count < 0, errno == EINTR {
                continue
            } else {
                let error = EventsError.system("write", path)
                // Best effort: opening the log again cuts a torn tail as well.
                _ = ftruncate(descriptor, Int(offset))
                throw error
            }
        }
    }

    /// Reads at most `count` bytes from `offset`.
    func read(_ count: Int, at offset: Int64) throws(EventsError) -> [UInt8] {
        // An array without room is one that all share, and ThreadSanitizer sees its count being written.
        guard count > 0 else { return [] }
        var failed: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let got = pread(
                    descriptor, buffer.baseAddress.map { $0 + filled }, count - filled, Int(offset) + filled)
                if got > 0 {
                    filled += got
                } else if got < 0, errno == EINTR {
                    continue
                } else {
                    if got < 0 { failed = errno }
                    break
                }
            }
        }
        guard failed == 0 else {
            errno = failed
            throw EventsError.system("read", path)
        }
        return bytes
    }

    func truncate(to size: Int64) throws(EventsError) {
        guard ftruncate(descriptor, Int(size)) == 0 else { throw EventsError.system("truncate", path) }
    }

    /// fdatasync(2). Blocks for as long as the disk takes.
    func sync() throws(EventsError) {
        guard fdatasync(descriptor) == 0 else { throw EventsError.system("fdatasync", path) }
    }
}

extension EventsError {
    /// What the last failed call says.
    static func system(_ call: String, _ path: String) -> EventsError {
        let number = errno
        let full = number == ENOSPC || number == EDQUOT
        return EventsError(full ? .diskFull : .io, "\(call) \(path): \(String(cString: strerror(number)))")
    }
}
