import Glibc

/// Unpacks the blob of an OCI layer into a directory.
///
/// The blob comes from outside and is not trusted: `..`, names that lead through links, hard links to what is not in the
/// layer, device nodes where none is allowed and blobs that grow too large are refused; everything is reached from the
/// directory's descriptor without following a link. An absolute name is one below that directory. On failure what was
/// unpacked so far stays, for the caller to remove.
package struct LayerUnpacker: Sendable {
    /// What becomes of deletions.
    package enum Form: Sendable, Hashable {
        /// The directory becomes a layer of overlayfs: a deletion a character device 0:0, an opaque directory an
        /// attribute `trusted.overlay.opaque`.
        case overlay
        /// The same for an overlay mount without root: `user.overlay.opaque` (mount option `userxattr`).
        case userOverlay
        /// The directory holds the layers below already: deletions are carried out.
        case applied
    }

    /// How to unpack, and what to refuse.
    package struct Options: Sendable {
        package var form: Form
        /// Whether block and character devices may be made.
        package var devices: Bool
        /// Whether owners are kept; otherwise everything belongs to the caller.
        package var owners: Bool
        /// The hash the tar must have, 32 bytes.
        package var diffID: [UInt8]?
        /// The hash the blob must have, 32 bytes.
        package var digest: [UInt8]?
        /// Most bytes of tar.
        package var mostBytes: Int64
        /// Most entries.
        package var mostEntries: Int

        package init(
            form: Form, devices: Bool = false, owners: Bool = true, diffID: [UInt8]? = nil, digest: [UInt8]? = nil,
            mostBytes: Int64 = 64 << 30, mostEntries: Int = 4_000_000
        ) {
            self.form = form
            self.devices = devices
            self.owners = owners
            self.diffID = diffID
            self.digest = digest
            self.mostBytes = mostBytes
            self.mostEntries = mostEntries
        }
    }

    /// What came out of a blob.
    package struct Result: Sendable, Hashable {
        /// SHA-256 of the tar, 32 bytes.
        package let diffID: [UInt8]
        /// SHA-256 of the blob, 32 bytes.
        package let digest: [UInt8]
        /// Bytes of the blob.
        package let size: Int64
        /// Bytes of the tar.
        package let tarSize: Int64
        /// How many entries it had.
        package let entries: Int
        /// Attributes that were not set, because they belong to another machine or to overlayfs itself, by name.
        package let ignoredAttributes: [String: Int]
    }

    private let options: Options

    package init(_ options: Options) { self.options = options }

    /// Unpacks the file `blob` into the directory `directory`, which must be there, on a thread of its own.
    ///
    /// - Parameters:
    ///   - blob: the file.
    ///   - directory: where its entries go.
    ///   - progress: called on that thread with the bytes of tar so far.
    /// - Returns: what the blob was.
    /// - Throws: every code of ``ArchiveError`` about names and entries; `damaged`, `wrongDigest`, `tooLarge`,
    ///   `noSpace`, `cancelled`, `system`.
    package func unpack(
        _ blob: String, into directory: String, progress: @escaping @Sendable (Int64) -> Void = { _ in }
    ) async throws(ArchiveError) -> Result {
        let options = options
        return try await Cancellation.run("layer-unpacker") { cancellation throws(ArchiveError) in
            let descriptor = open(blob, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { throw ArchiveError(system: errno, "open \(blob)") }
            defer { close(descriptor) }
            let reader = try BlobReader(descriptor: descriptor, path: blob, mostBytes: options.mostBytes)
            let target = TreeWriter(root: try DirectoryHandle(opening: directory), options: options)
            let entries = try EntryUnpacker(reader: reader, target: target, options: options)
                .run(cancellation: cancellation, progress: progress)
            try target.finish()
            let (diffID, digest) = try reader.finish()
            try Self.check(diffID, options.diffID, "the tar in \(blob)")
            try Self.check(digest, options.digest, blob)
            return Result(
                diffID: diffID, digest: digest, size: reader.blobSize, tarSize: reader.tarSize, entries: entries,
                ignoredAttributes: target.ignoredAttributes)
        }
    }

    private static func check(_ hash: [UInt8], _ expected: [UInt8]?, _ what: String) throws(ArchiveError) {
        guard let expected, expected != hash else { return }
        throw ArchiveError(
            .wrongDigest, "\(what) has the digest sha256:\(hexadecimal(hash)) and not sha256:\(hexadecimal(expected))")
    }

    private static func hexadecimal(_ hash: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: hash.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
