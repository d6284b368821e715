import CLinux
import Crypto
import FactoryProtocol
import Glibc
import IO

/// A copy of a file, and the hash of the bytes that are in the copy.
enum HashedCopy {
    /// Bytes that are read and written at once.
    private static let step = 1 << 20

    /// Makes an empty file share the blocks of another, which takes no room; false where the file system cannot.
    static func clone(_ source: Descriptor, to target: Descriptor) -> Bool {
        linux_clone_file(source.rawValue, target.rawValue) == 0
    }

    /// Copies the first `size` bytes of a file into an empty one. Blocks, for long: it has a thread of its own.
    ///
    /// What is hashed are the very bytes that were written: whoever changes the source meanwhile or afterwards changes
    /// neither.
    ///
    /// `written` is told after each step how many bytes the copy has; returning false ends it with `store-io`.
    static func make(
        of source: Descriptor, size: Int, to target: Descriptor, written: (Int) -> Bool
    ) throws(StoreError) -> Digest {
        var hash = SHA256()
        var done = 0
        do throws(IOError) {
            while done < size {
                let bytes = try FileIO.read(source, at: done, upTo: min(step, size - done))
                if bytes.isEmpty { break }
                hash.update(bytes)
                try FileIO.write(bytes, to: target, at: done)
                done += bytes.count
                guard written(done) else { throw IOError(.cancelled, "the copy was cancelled") }
            }
        } catch {
            throw StoreError(error)
        }
        return Digest(hash: hash.finish())
    }
}
