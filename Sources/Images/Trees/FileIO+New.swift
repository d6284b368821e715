import Glibc
import IO

extension FileIO {
    /// Writes a file that is not there yet. Not synced: for what need not outlive the job.
    static func write(_ bytes: [UInt8], toNew path: String, mode: UInt32) throws(IOError) {
        let file = try open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: mode)
        // The umask must have no say in it.
        guard fchmod(file.rawValue, mode) == 0 else { throw IOError(system: errno, "set the mode of", path) }
        try write(bytes, to: file)
    }
}
