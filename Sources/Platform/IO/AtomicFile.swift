import Glibc

/// A file that is there whole or not at all, also after a power cut.
package enum AtomicFile {
    /// Writes a temporary file beside `path`, makes it durable, renames it over `path` and makes that durable.
    ///
    /// Blocks for the two syncs: from a task run it through `OwnThread`. The file gets `mode` whatever the umask.
    /// - Throws: `.noSpace` and all others leave `path` as it was and no temporary file behind.
    package static func write(_ bytes: [UInt8], to path: String, mode: UInt32 = 0o644) throws(IOError) {
        let directory = FileIO.parent(path)
        let name = path.split(separator: "/").last.map(String.init) ?? ""
        // Process and a counterless random part: two writers of one path never share a temporary file.
        let unfinished = "\(directory)/.\(name).\(getpid()).\(String(UInt64.random(in: .min ... .max), radix: 36))"
        do throws(IOError) {
            let file = try FileIO.open(unfinished, O_WRONLY | O_CREAT | O_EXCL, mode: mode)
            guard fchmod(file.rawValue, mode) == 0 else { throw IOError(system: errno, "fchmod", unfinished) }
            try FileIO.write(bytes, to: file)
            try FileIO.sync(file)
            file.close()
            try FileIO.rename(unfinished, to: path)
        } catch {
            // The first error is the one to tell; a left-over temporary file is only litter.
            unlink(unfinished)
            throw error
        }
        try FileIO.syncDirectory(directory)
    }
}
