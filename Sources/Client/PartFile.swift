import Glibc
import IO

/// A file that is being fetched, and the one program that fetches it.
enum PartFile {
    /// Opens the file, which is made when it is not there, and locks it; nil while another program has it.
    ///
    /// Whoever had the lock may have renamed or removed the file meanwhile: then the lock is on another file than the name
    /// means, and the new one is tried.
    static func claim(_ path: String) throws(IOError) -> Descriptor? {
        while true {
            let file = try FileIO.open(path, O_RDWR | O_CREAT | O_NOFOLLOW, mode: 0o644)
            guard flock(file.rawValue, LOCK_EX | LOCK_NB) == 0 else {
                switch errno {
                case EINTR: continue
                case EWOULDBLOCK: return nil
                // A file system without locks, as some over a network: alone, as before there were locks.
                case ENOLCK, EOPNOTSUPP, ENOSYS: return file
                default: throw IOError(system: errno, "flock", path)
                }
            }
            var (ours, named) = (stat(), stat())
            guard fstat(file.rawValue, &ours) == 0 else { throw IOError(system: errno, "fstat", path) }
            if lstat(path, &named) == 0, ours.st_ino == named.st_ino, ours.st_dev == named.st_dev { return file }
        }
    }
}
