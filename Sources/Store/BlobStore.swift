import Crypto
package import FactoryProtocol
import Glibc
package import IO

/// Blobs by what they are: `blobs/sha256/<hex>`, as in an OCI layout.
///
/// A blob appears under its name only when all of its bytes are on the disk and were hashed here; a name that is there
/// is therefore right, whatever stopped the daemon. Blobs are read-only and never change.
package final class BlobStore: Sendable {
    /// The folder of the store.
    package let root: String
    /// Uploads that a request is writing to.
    let writing = Locked<Set<String>>([])
    /// When each blob was asked for last.
    let wanted = Locked<[Digest: ContinuousClock.Instant]>([:])

    /// Takes the folder of the store and makes what is missing in it.
    package init(root: String) throws(StoreError) {
        self.root = root
        do throws(IOError) {
            for folder in ["blobs/sha256", "uploads", "incoming", "trash"] {
                try Directory.make(root + "/" + folder, mode: 0o750)
            }
        } catch {
            throw StoreError(error)
        }
    }

    /// Where a blob is, or would be.
    package func path(of digest: Digest) -> String { root + "/blobs/sha256/" + digest.hex }

    /// The length of a blob in bytes; nil when it is not here.
    package func size(of digest: Digest) throws(StoreError) -> Int64? {
        do throws(IOError) {
            return try FileIO.status(path(of: digest)).map { Int64($0.size) }
        } catch {
            throw StoreError(error)
        }
    }

    /// Opens a blob for reading.
    package func open(_ digest: Digest) throws(StoreError) -> (file: Descriptor, size: Int64) {
        // Before it is opened, so that it is not taken away between; not for what is not here, which anybody can name.
        if try size(of: digest) != nil { ask(for: digest) }
        do throws(IOError) {
            let file = try FileIO.open(path(of: digest), O_RDONLY)
            return (file, Int64(try FileIO.status(of: file).size))
        } catch {
            if error.code == .notFound { throw StoreError(.notFound, "the store has no \(digest)") }
            throw StoreError(error)
        }
    }

    /// Hashes a blob again. One that is no longer what it is called is set aside as `<hex>.corrupt`, so that it is made
    /// again instead of handed out.
    package func verify(_ digest: Digest) async throws(StoreError) {
        let path = path(of: digest)
        guard try size(of: digest) != nil else { throw StoreError(.notFound, "the store has no \(digest)") }
        let actual = try await hash(path)
        guard actual != digest else { return }
        do throws(IOError) {
            try FileIO.rename(path, to: path + ".corrupt")
        } catch {
            throw StoreError(error)
        }
        throw StoreError(
            .digestMismatch, "the bytes of \(digest) are \(actual) by now: the disk is failing. Set aside as .corrupt")
    }

    /// What the blobs take, and what the disk has left, in bytes.
    package func room() throws(StoreError) -> (used: Int64, free: Int64) {
        do throws(IOError) {
            var used: Int64 = 0
            for entry in try Directory.entries(root + "/blobs/sha256") {
                // A blob removed meanwhile takes nothing.
                used += Int64(try FileIO.status(root + "/blobs/sha256/" + entry.name)?.size ?? 0)
            }
            var status = statvfs()
            guard statvfs(root, &status) == 0 else { throw IOError(system: errno, "statvfs", root) }
            return (used, Int64(status.f_bavail) * Int64(status.f_frsize))
        } catch {
            throw StoreError(error)
        }
    }

    func hash(_ path: String) async throws(StoreError) -> Digest {
        do throws(CryptoError) {
            return Digest(hash: try await SHA256.hash(file: path))
        } catch {
            throw StoreError(error)
        }
    }

    /// Gives a whole file its name as a blob: hashed, on the disk, then renamed. The file is gone afterwards, also when
    /// its bytes are not what they should be.
    func publish(_ path: String, as digest: Digest) async throws(StoreError) {
        let actual = try await hash(path)
        let name = self.path(of: digest)
        do throws(IOError) {
            guard actual == digest else {
                try FileIO.removeFile(path)
                throw IOError(.wrongKind, "the bytes received are \(actual), not \(digest); send them again")
            }
            try await OwnThread.run("publish") { () throws(IOError) in
                let file = try FileIO.open(path, O_RDONLY)
                fchmod(file.rawValue, 0o440)
                try FileIO.sync(file)
                try FileIO.rename(path, to: name)
                try FileIO.syncDirectory(FileIO.parent(name))
            }
        } catch {
            throw actual == digest ? StoreError(error) : StoreError(.digestMismatch, error.message)
        }
    }
}
