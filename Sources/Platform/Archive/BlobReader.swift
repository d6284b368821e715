import CArchive
import Crypto
import Glibc

/// Reads the entries of a layer's blob, hashing it before and after it is decompressed.
///
/// Two libarchive readers: one only decompresses ("raw" format with gzip, zstd or no filter), the other reads tar from
/// it; the diff id is the hash of what passes between them. A class, because libarchive keeps a pointer to it. Used by
/// one thread only.
final class BlobReader {
    private let blob: OpaquePointer
    private let tar: OpaquePointer
    private let descriptor: Int32
    private let path: String
    private let mostBytes: Int64
    private var blobHash = SHA256()
    private var tarHash = SHA256()
    private var input = [UInt8](repeating: 0, count: 256 * 1024)
    private var failure: ArchiveError?
    private(set) var tarSize: Int64 = 0
    private(set) var blobSize: Int64 = 0

    /// Begins to read the open file `descriptor`, which stays the caller's; `path` names it in errors.
    init(descriptor: Int32, path: String, mostBytes: Int64) throws(ArchiveError) {
        guard let blob = archive_read_new() else { throw ArchiveError(system: ENOMEM, "read \(path)") }
        guard let tar = archive_read_new() else {
            archive_read_free(blob)
            throw ArchiveError(system: ENOMEM, "read \(path)")
        }
        self.blob = blob
        self.tar = tar
        self.descriptor = descriptor
        self.path = path
        self.mostBytes = mostBytes
        archive_read_support_filter_gzip(blob)
        archive_read_support_filter_zstd(blob)
        archive_read_support_format_raw(blob)
        archive_read_support_format_empty(blob)
        archive_read_support_format_tar(tar)
        archive_read_support_format_empty(tar)
        let me = Unmanaged.passUnretained(self).toOpaque()
        try check(
            archive_read_open(
                blob, me, nil,
                { _, context, block in
                    guard let context, let block else { return -1 }
                    return Unmanaged<BlobReader>.fromOpaque(context).takeUnretainedValue().load(block)
                }, nil), blob)
        var entry: OpaquePointer?
        let first = archive_read_next_header(blob, &entry)
        if first == ARCHIVE_EOF { throw ArchiveError(.damaged, "\(path) is empty: not even an empty tar") }
        try check(first, blob)
        try check(
            archive_read_open(
                tar, me, nil,
                { _, context, block in
                    guard let context, let block else { return -1 }
                    return Unmanaged<BlobReader>.fromOpaque(context).takeUnretainedValue().decompress(block)
                }, nil), tar)
    }

    deinit {
        archive_read_free(tar)
        archive_read_free(blob)
    }

    /// Callback of the first reader: bytes of the file.
    private func load(_ block: UnsafeMutablePointer<UnsafeRawPointer?>) -> Int {
        // The buffer is only ever touched here, and libarchive is done with it when it asks again.
        input.withUnsafeMutableBytes { bytes in
            block.pointee = UnsafeRawPointer(bytes.baseAddress)
            while true {
                let count = read(descriptor, bytes.baseAddress, bytes.count)
                if count < 0 {
                    if errno == EINTR { continue }
                    failure = ArchiveError(system: errno, "read \(path)")
                    return -1
                }
                blobHash.update(UnsafeRawBufferPointer(rebasing: bytes.prefix(count)))
                blobSize += Int64(count)
                return count
            }
        }
    }

    /// Callback of the second reader: bytes of the tar.
    private func decompress(_ block: UnsafeMutablePointer<UnsafeRawPointer?>) -> Int {
        var size = 0
        var offset: la_int64_t = 0
        let result = archive_read_data_block(blob, block, &size, &offset)
        if result == ARCHIVE_EOF { return 0 }
        guard result >= ARCHIVE_WARN else {
            if failure == nil { failure = damaged(blob) }
            return -1
        }
        tarHash.update(UnsafeRawBufferPointer(start: block.pointee, count: size))
        tarSize += Int64(size)
        guard tarSize <= mostBytes else {
            failure = ArchiveError(.tooLarge, "\(path) unpacks to more than the \(mostBytes) bytes allowed")
            return -1
        }
        return size
    }

    /// The next entry, or nil at the end.
    func next() throws(ArchiveError) -> OpaquePointer? {
        var entry: OpaquePointer?
        let result = archive_read_next_header(tar, &entry)
        if result == ARCHIVE_EOF { return nil }
        // Warnings are about names that this process' locale cannot show; their bytes are there all the same.
        try check(result, tar)
        return entry
    }

    /// The next bytes of the entry's content and where they belong, or nil at the end.
    func nextContent() throws(ArchiveError) -> (bytes: UnsafeRawBufferPointer, offset: Int64)? {
        var start: UnsafeRawPointer?
        var size = 0
        var offset: la_int64_t = 0
        let result = archive_read_data_block(tar, &start, &size, &offset)
        if result == ARCHIVE_EOF { return nil }
        try check(result, tar)
        return (UnsafeRawBufferPointer(start: start, count: size), offset)
    }

    /// Reads what is behind the last entry, and gives both hashes.
    func finish() throws(ArchiveError) -> (diffID: [UInt8], digest: [UInt8]) {
        var block: UnsafeRawPointer?
        while true {
            let count = decompress(&block)
            if count == 0 { break }
            if count < 0 { throw failure ?? damaged(blob) }
        }
        var rest: UnsafeRawPointer?
        while true {
            // Bytes behind the compressed stream belong to the blob and to its digest.
            let count = load(&rest)
            if count == 0 { break }
            if count < 0 { throw failure ?? damaged(blob) }
        }
        return (tarHash.copy().finish(), blobHash.copy().finish())
    }

    private func check(_ result: Int32, _ archive: OpaquePointer) throws(ArchiveError) {
        if result >= ARCHIVE_WARN { return }
        throw failure ?? damaged(archive)
    }

    private func damaged(_ archive: OpaquePointer) -> ArchiveError {
        let words = archive_error_string(archive).map { String(cString: $0) } ?? "libarchive gave no reason"
        return ArchiveError(.damaged, "\(path) is no whole layer: \(words)")
    }
}
