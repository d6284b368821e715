import Glibc

/// Writes a tree, or the upper directory of an overlay mount, as the blob of an OCI layer (image-spec 1.1, layer.md).
///
/// One pass: entries sorted by their bytes → tar (pax, numeric owners, times clamped, no host attributes) → SHA-256 →
/// zstd → SHA-256 → file. The same tree gives the same bytes. Whiteouts and opaque directories of overlayfs become the
/// `.wh.` entries of the specification. Sparse files are written out in full, as the specification asks
/// ("Sparse files SHOULD NOT be used"), and become sparse again in ``LayerUnpacker``. Sockets are left out.
package struct LayerWriter: Sendable {
    /// Raised by hand whenever the same tree comes out as other bytes: layers that are kept are found by it.
    package static let revision = "2"

    /// What is written, and how.
    package struct Options: Sendable {
        /// No file is newer than this, in seconds since 1970 (SOURCE_DATE_EPOCH); nil keeps every time.
        package var latestTime: Int64?
        /// The trees under an upper directory. An opaque mark is only written where one of them has the directory:
        /// overlayfs marks nearly every new one. Without any, every mark is written.
        package var lowers: [String]
        /// Paths, without a slash at either end, that are left out with all that is below them.
        package var excluded: Set<String>
        /// zstd's level, 1...19.
        package var level: Int
        /// Threads of zstd; the bytes do not depend on it.
        package var threads: Int

        package init(
            latestTime: Int64? = nil, lowers: [String] = [], excluded: Set<String> = [], level: Int = 3,
            threads: Int = sysconf(Int32(_SC_NPROCESSORS_ONLN))
        ) {
            self.latestTime = latestTime
            self.lowers = lowers
            self.excluded = excluded
            self.level = level
            self.threads = threads
        }
    }

    /// The tree.
    package let tree: String
    private let options: Options

    /// A writer for the tree at `tree`, which nobody may change while it is written.
    package init(tree: String, options: Options = Options()) {
        self.tree = tree
        self.options = options
    }

    /// Writes the blob to a new file at `path`, on a thread of its own.
    ///
    /// Nothing is synced: the caller knows when a whole file system shall reach the disk. After a failure the file is
    /// removed.
    /// - Parameters:
    ///   - path: the file, made or emptied.
    ///   - progress: called on that thread with the bytes of tar so far, once for every 16 MiB or less often.
    /// - Returns: the digests and sizes of what was written.
    /// - Throws: `reserved`, `incompleteTree`, `changedMeanwhile`, `noSpace`, `badName`, `cancelled`, `system`.
    package func write(
        to path: String, progress: @escaping @Sendable (Int64) -> Void = { _ in }
    ) async throws(ArchiveError) -> WrittenLayer {
        let (tree, options) = (tree, options)
        return try await Cancellation.run("layer-writer") { cancellation throws(ArchiveError) in
            let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
            guard descriptor >= 0 else { throw ArchiveError(system: errno, "create \(path)") }
            defer { close(descriptor) }
            do throws(ArchiveError) {
                let stream = try LayerStream(
                    descriptor: descriptor, path: path, level: options.level, threads: options.threads)
                let walk = try TreeWalk(
                    options: options, stream: stream, cancellation: cancellation, progress: progress)
                try walk.run(tree)
                let (diffID, digest) = try stream.finish()
                return WrittenLayer(
                    diffID: diffID, digest: digest, size: stream.blobSize, tarSize: stream.tarSize,
                    entries: walk.entries, leftOut: walk.sockets.map(\.text))
            } catch {
                unlink(path)
                throw error
            }
        }
    }
}
