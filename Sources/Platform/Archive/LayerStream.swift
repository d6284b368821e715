import CArchive
import Crypto
import Glibc

/// Takes entries and makes the blob of a layer of them: tar, its hash, zstd, the hash of that, a file; in one pass.
///
/// libarchive does both formats: the first archive writes pax without a filter into the second, which writes nothing but
/// zstd ("raw" format). A class, because libarchive keeps a pointer to it. Used by one thread only.
final class LayerStream {
    /// Compressing on more threads gains nothing: one thread reads and hashes some 600 MB/s, and each costs 20 MB.
    private static let mostThreads = 4
    private static let tarBlock: Int32 = 256 * 1024
    private static let blobBlock: Int32 = 128 * 1024

    private let tar: OpaquePointer
    private let blob: OpaquePointer
    private let entry: OpaquePointer
    private let descriptor: Int32
    private let path: String
    private var tarHash = SHA256()
    private var blobHash = SHA256()
    /// What a callback met; libarchive itself only knows "failed".
    private var failure: ArchiveError?
    private(set) var tarSize: Int64 = 0
    private(set) var blobSize: Int64 = 0

    /// Begins a blob in the open file `descriptor`, which stays the caller's; `path` names it in errors.
    init(descriptor: Int32, path: String, level: Int, threads: Int) throws(ArchiveError) {
        guard let tar = archive_write_new() else { throw ArchiveError(system: ENOMEM, "begin a layer") }
        guard let blob = archive_write_new() else {
            archive_write_free(tar)
            throw ArchiveError(system: ENOMEM, "begin a layer")
        }
        guard let entry = archive_entry_new() else {
            archive_write_free(tar)
            archive_write_free(blob)
            throw ArchiveError(system: ENOMEM, "begin a layer")
        }
        self.tar = tar
        self.blob = blob
        self.entry = entry
        self.descriptor = descriptor
        self.path = path
        try openBlob(level: level, threads: min(max(1, threads), Self.mostThreads))
        try openTar()
    }

    deinit {
        // Nothing more may be written on the way out, whatever state they are in.
        archive_write_fail(tar)
        archive_write_free(tar)
        archive_write_fail(blob)
        archive_write_free(blob)
        archive_entry_free(entry)
    }

    private func openBlob(level: Int, threads: Int) throws(ArchiveError) {
        try check(archive_write_set_format_raw(blob), blob, "begin a layer")
        try check(archive_write_add_filter_zstd(blob), blob, "compress with zstd")
        // At least one thread of zstd's own, always: then the bytes do not depend on how many there are.
        try check(
            archive_write_set_filter_option(blob, "zstd", "compression-level", "\(level)"), blob, "set the level")
        try check(archive_write_set_filter_option(blob, "zstd", "threads", "\(threads)"), blob, "set the threads")
        archive_write_set_bytes_per_block(blob, Self.blobBlock)
        archive_write_set_bytes_in_last_block(blob, 1)
        let opened = archive_write_open(
            blob, Unmanaged.passUnretained(self).toOpaque(), nil,
            { _, context, bytes, count in
                guard let context, let bytes else { return -1 }
                return Unmanaged<LayerStream>.fromOpaque(context).takeUnretainedValue().store(bytes, count)
            }, nil)
        try check(opened, blob, "begin a layer")
        archive_entry_set_filetype(entry, S_IFREG)
        try check(archive_write_header(blob, entry), blob, "begin a layer")
        archive_entry_clear(entry)
    }

    private func openTar() throws(ArchiveError) {
        try check(archive_write_set_format_pax(tar), tar, "begin a layer")
        // Go's readers know SCHILY.xattr; the older LIBARCHIVE.xattr would only say it again.
        try check(archive_write_set_format_option(tar, "pax", "xattrheader", "SCHILY"), tar, "choose attributes")
        archive_write_set_bytes_per_block(tar, Self.tarBlock)
        archive_write_set_bytes_in_last_block(tar, 1)
        let opened = archive_write_open(
            tar, Unmanaged.passUnretained(self).toOpaque(), nil,
            { _, context, bytes, count in
                guard let context, let bytes else { return -1 }
                return Unmanaged<LayerStream>.fromOpaque(context).takeUnretainedValue().compress(bytes, count)
            }, nil)
        try check(opened, tar, "begin a layer")
    }

    private func compress(_ bytes: UnsafeRawPointer, _ count: Int) -> Int {
        tarHash.update(UnsafeRawBufferPointer(start: bytes, count: count))
        tarSize += Int64(count)
        return archive_write_data(blob, bytes, count)
    }

    private func store(_ bytes: UnsafeRawPointer, _ count: Int) -> Int {
        var done = 0
        while done < count {
            let written = write(descriptor, bytes + done, count - done)
            if written < 0 {
                if errno == EINTR { continue }
                failure = ArchiveError(system: errno, "write \(path)")
                return -1
            }
            done += written
        }
        blobHash.update(UnsafeRawBufferPointer(start: bytes, count: count))
        blobSize += Int64(count)
        return count
    }

    /// Begins an entry; `fill` sets everything that is in its header.
    func begin(_ name: TreePath, _ fill: (OpaquePointer) -> Void) throws(ArchiveError) {
        archive_entry_clear(entry)
        fill(entry)
        // Warnings are about names that are not UTF-8: they are written as they are, and marked so
        // (hdrcharset=BINARY, pax in POSIX.1-2008).
        try check(archive_write_header(tar, entry), tar, "add \(name.text)", code: .refusedEntry)
    }

    /// Bytes of the entry begun last.
    func append(_ bytes: UnsafeRawBufferPointer, of name: TreePath) throws(ArchiveError) {
        let written = archive_write_data(tar, bytes.baseAddress, bytes.count)
        if written < 0 { try check(Int32(clamping: written), tar, "add \(name.text)", code: .refusedEntry) }
    }

    /// Ends the blob: the hash of the tar (the layer's diff id) and that of the blob.
    func finish() throws(ArchiveError) -> (diffID: [UInt8], digest: [UInt8]) {
        try check(archive_write_close(tar), tar, "end the layer \(path)")
        try check(archive_write_close(blob), blob, "end the layer \(path)")
        return (tarHash.copy().finish(), blobHash.copy().finish())
    }

    private func check(
        _ result: Int32, _ archive: OpaquePointer, _ operation: String, code: ArchiveError.Code = .system
    ) throws(ArchiveError) {
        if result >= ARCHIVE_WARN { return }
        if let failure { throw failure }
        // The second archive's words say more when it was the one that failed.
        let words = archive_error_string(archive) ?? archive_error_string(blob)
        throw ArchiveError(code, "\(operation): \(words.map { String(cString: $0) } ?? "libarchive gave no reason")")
    }
}
