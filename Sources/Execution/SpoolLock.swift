import Glibc
import IO

/// The record lock that a job holds on `SPOOL/lock` while it lives (fcntl(2), F_SETLK).
///
/// Not flock(2): a record lock tells who holds it, with a process number that the kernel translates into the PID
/// namespace of the one who asks, and the job itself could not tell, because it only knows its number inside its own.
/// Such a lock belongs to the process: it ends when the process ends, however that happens, and also when the process
/// closes any other descriptor of the file. So nothing else here opens it.
package final class SpoolLock: Sendable {
    private let file: Descriptor

    private init(_ file: Descriptor) { self.file = file }

    /// Takes the lock for this process.
    ///
    /// - Returns: nil when another process holds it.
    package static func take(_ spool: Spool) throws(ExecutionError) -> SpoolLock? {
        do throws(IOError) {
            let file = try FileIO.open(spool.lockPath, O_RDWR | O_CREAT, mode: 0o600)
            var lock = request()
            if fcntl(file.rawValue, F_SETLK, &lock) == 0 { return SpoolLock(file) }
            if errno == EACCES || errno == EAGAIN { return nil }
            throw IOError(system: errno, "lock", spool.lockPath)
        } catch {
            throw ExecutionError(error)
        }
    }

    /// The process that holds the lock, by its number in our PID namespace; nil when nobody does.
    ///
    /// 0 when the holder is in no namespace below ours.
    package static func holder(_ spool: Spool) throws(ExecutionError) -> Int32? {
        do throws(IOError) {
            guard try FileIO.status(spool.lockPath) != nil else { return nil }
            let file = try FileIO.open(spool.lockPath, O_RDWR)
            var lock = request()
            if fcntl(file.rawValue, F_GETLK, &lock) != 0 {
                throw IOError(system: errno, "ask for the lock", spool.lockPath)
            }
            return lock.l_type == Int16(F_UNLCK) ? nil : lock.l_pid
        } catch {
            throw ExecutionError(error)
        }
    }

    private static func request() -> flock {
        flock(l_type: Int16(F_WRLCK), l_whence: Int16(SEEK_SET), l_start: 0, l_len: 0, l_pid: 0)
    }
}
