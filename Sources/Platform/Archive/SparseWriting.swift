import Glibc

/// Writes blocks of a file and leaves out those that are all zero: they become holes (lseek(2), SEEK_HOLE).
enum SparseWriting {
    /// The block size of nearly every file system; smaller runs of zeros save nothing.
    private static let block = 4096

    /// Writes `bytes` at `offset`; the caller sets the size of the file afterwards.
    static func write(
        _ bytes: UnsafeRawBufferPointer, at offset: Int64, to file: Int32, _ path: TreePath
    ) throws(ArchiveError) {
        var start = 0
        while start < bytes.count {
            // Runs are cut where the file's own blocks begin.
            var end = nextBlock(after: start, offset, bytes.count)
            if isZero(bytes, start, end) {
                start = end
                continue
            }
            while end < bytes.count {
                let next = nextBlock(after: end, offset, bytes.count)
                if isZero(bytes, end, next) { break }
                end = next
            }
            try writeAll(
                UnsafeRawBufferPointer(rebasing: bytes[start..<end]), at: offset + Int64(start), to: file, path)
            start = end
        }
    }

    private static func nextBlock(after start: Int, _ offset: Int64, _ count: Int) -> Int {
        min(count, start + block - Int((offset + Int64(start)) % Int64(block)))
    }

    private static func isZero(_ bytes: UnsafeRawBufferPointer, _ start: Int, _ end: Int) -> Bool {
        // Only whole blocks; memcmp(3) against the same bytes one further compares each with its neighbour.
        guard end - start == block, let base = bytes.baseAddress, bytes[start] == 0 else { return false }
        return memcmp(base + start, base + start + 1, block - 1) == 0
    }

    private static func writeAll(
        _ bytes: UnsafeRawBufferPointer, at offset: Int64, to file: Int32, _ path: TreePath
    ) throws(ArchiveError) {
        var done = 0
        while done < bytes.count {
            let count = pwrite(file, bytes.baseAddress.map { $0 + done }, bytes.count - done, off_t(offset) + done)
            if count < 0 {
                if errno == EINTR { continue }
                throw ArchiveError(entry: errno, "write \(path.text)")
            }
            done += count
        }
    }
}
