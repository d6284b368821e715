import Crypto
import FactoryProtocol
import Glibc
import IO

/// Package files kept between jobs, by their SHA-256: `DIRECTORY/<64 hex>.deb`.
///
/// Safe for any number of jobs at once: a file appears whole under its name, and every job works on hard links in a
/// directory of its own, where apt keeps its lock.
struct ArchivePool: Sendable {
    /// Where the files are.
    let directory: String
    /// Fills a directory of the job, on the same file system, with what the pool has of these files, under the names
    /// that apt looks for.
    ///
    /// Every file is hashed here: of a file that lies there already apt compares the size alone (apt 2.6,
    /// `pkgAcqArchive`), and a power cut can leave one of the right size full of zeros. A file that is not what its name
    /// says is removed, and counts as missing.
    /// - Returns: what is missing.
    func fill(_ place: String, with files: [ArchiveFile]) async throws -> [ArchiveFile] {
        try Directory.remove(place)
        try Directory.make(place + "/partial")
        try Directory.make(directory)
        var missing: [ArchiveFile] = []
        for file in files {
            let shown = place + "/" + file.name
            if Glibc.link(path(of: file), shown) == 0 {
                if Digest(hash: try await SHA256.hash(file: shown)) == file.digest {
                    // The time of last use, for the choice of what to remove. Only a hint: a failure does no harm.
                    _ = utimes(path(of: file), nil)
                } else {
                    try FileIO.removeFile(shown)
                    try FileIO.removeFile(path(of: file))
                    missing.append(file)
                }
                continue
            }
            // On another file system than the job's there is nothing to gain.
            guard errno == ENOENT || errno == EXDEV else { throw IOError(system: errno, "link", path(of: file)) }
            missing.append(file)
        }
        return missing
    }

    /// Keeps what apt fetched, after a look at its hash: apt has checked it, but the pool is read by later jobs.
    func keep(_ files: [ArchiveFile], from place: String) async throws {
        for file in files {
            let fetched = place + "/" + file.name
            guard try FileIO.status(fetched)?.kind == .file else { continue }
            guard Digest(hash: try await SHA256.hash(file: fetched)) == file.digest else { continue }
            guard Glibc.link(fetched, path(of: file)) == 0 || errno == EEXIST || errno == EXDEV else {
                throw IOError(system: errno, "link", path(of: file))
            }
        }
    }

    /// Removes files, the longest unused first, until the pool is within its limit.
    func trim(to limit: Int = ArchivePool.usualLimit) throws(IOError) {
        guard try FileIO.status(directory) != nil else { return }
        var files: [(path: String, size: Int, used: Int64)] = []
        for entry in try Directory.entries(directory) where entry.kind == .file {
            let path = directory + "/" + entry.name
            if let status = try FileIO.status(path) { files.append((path, status.size, status.modified)) }
        }
        var bytes = files.reduce(0) { $0 + $1.size }
        for file in files.sorted(by: { ($0.used, $0.path) < ($1.used, $1.path) }) where bytes > limit {
            try FileIO.removeFile(file.path)
            bytes -= file.size
        }
    }

    /// Bytes: some ten distributions' worth.
    static let usualLimit = 4 << 30

    private func path(of file: ArchiveFile) -> String { "\(directory)/\(file.digest.hex).deb" }
}
