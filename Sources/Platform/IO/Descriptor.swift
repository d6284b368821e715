import CLinux
import Glibc

/// Owns one non-blocking file descriptor: of a pipe, pty, pidfd, inotify, socket.
///
/// It is closed exactly once, by `close` or when the last reference goes, so no call meets a number that was given
/// to another file meanwhile. One owner calls `close`; to stop tasks that use a shared socket, use `Socket.shutdown`.
package final class Descriptor: Sendable {
    private let number: Locked<Int32>

    /// Takes over `number`, which must be open, and makes it non-blocking and close-on-exec.
    ///
    /// - Throws: the error of fcntl(2); `number` is closed then.
    package init(adopting number: Int32) throws(IOError) {
        self.number = Locked(number)
        let flags = fcntl(number, F_GETFL)
        guard flags >= 0, fcntl(number, F_SETFL, flags | O_NONBLOCK) >= 0, fcntl(number, F_SETFD, FD_CLOEXEC) >= 0
        else { throw IOError(system: errno, "fcntl", "descriptor \(number)") }
    }

    /// Takes over a number that is non-blocking and close-on-exec already.
    init(ready number: Int32) {
        self.number = Locked(number)
    }

    deinit { close() }

    /// The number; -1 once closed, which every call answers with EBADF.
    ///
    /// It is only good while the object lives: never take it from a value that is used for nothing else afterwards,
    /// or the file is closed before the call. `withNumber` keeps the object alive.
    package var rawValue: Int32 { number.withLock { $0 } }

    /// Calls `body` with the number (-1 once closed) and keeps the descriptor open meanwhile: a `close` of another task
    /// waits. Only for calls that do not block; not to be nested for one descriptor.
    package func withNumber<Result, Failure: Error>(
        _ body: (Int32) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try number.withLock { (number) throws(Failure) in try body(number) }
    }

    /// Ends all waits on it with `.closed` and closes it; again is harmless.
    package func close() {
        number.withLock { number in
            guard number >= 0 else { return }
            Poller.shared.forget(number)
            // Linux releases the number even when close(2) reports an error; what could be lost was lost at fsync.
            Glibc.close(number)
            number = -1
        }
    }

    /// Gives up ownership: the caller closes the returned number.
    package func release() -> Int32 {
        number.withLock { number in
            defer { number = -1 }
            if number >= 0 { Poller.shared.forget(number) }
            return number
        }
    }

    /// Waits until a call would not block; see `Poller.wait`.
    @discardableResult
    package func wait(_ interest: Readiness, until deadline: Deadline) async throws(IOError) -> Readiness {
        try await Poller.shared.wait(rawValue, interest, until: deadline)
    }

    /// Reads what is there, at least one byte and at most `count`; empty at the end of the file.
    ///
    /// The read ends of a pty report their end as EIO: `.system` with that errno.
    package func read(upTo count: Int, until deadline: Deadline) async throws(IOError) -> [UInt8] {
        while true {
            if let bytes = try readOnce(upTo: count) { return bytes }
            try await wait(.read, until: deadline)
        }
    }

    /// Writes all of `bytes`.
    package func write(_ bytes: [UInt8], until deadline: Deadline) async throws(IOError) {
        var done = 0
        while done < bytes.count {
            let (count, failure) = withNumber { number in
                let count = bytes.withUnsafeBytes {
                    Glibc.write(number, $0.baseAddress?.advanced(by: done), $0.count - done)
                }
                return (count, errno)
            }
            if count >= 0 {
                done += count
            } else if failure == EAGAIN {
                try await wait(.write, until: deadline)
            } else if failure != EINTR {
                throw IOError(system: failure, "write", "to descriptor \(rawValue)")
            }
        }
    }

    /// Nil when it would block. The buffer lives for one call, so that idle descriptors own none.
    private func readOnce(upTo count: Int) throws(IOError) -> [UInt8]? {
        let answer = withUnsafeTemporaryAllocation(byteCount: count, alignment: 16) {
            buffer -> Result<[UInt8]?, IOError> in
            while true {
                let (got, failure) = withNumber { (Glibc.read($0, buffer.baseAddress, buffer.count), errno) }
                if got >= 0 { return .success(Array(buffer.prefix(got))) }
                if failure == EAGAIN { return .success(nil) }
                if failure != EINTR {
                    return .failure(IOError(system: failure, "read", "from descriptor \(rawValue)"))
                }
            }
        }
        return try answer.get()
    }

    /// A pipe (pipe2(2)), both ends non-blocking and close-on-exec.
    package static func pipe() throws(IOError) -> (read: Descriptor, write: Descriptor) {
        var ends: [Int32] = [-1, -1]
        guard linux_pipe(&ends) == 0 else { throw IOError(system: errno, "pipe2", "") }
        return (Descriptor(ready: ends[0]), Descriptor(ready: ends[1]))
    }
}
