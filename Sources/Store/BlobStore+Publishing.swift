import CLinux
import FactoryProtocol
import Glibc
import IO

/// How a whole file becomes a blob.
extension BlobStore {
    /// Gives a whole file its name as a blob: made the daemon's own, hashed, on the disk, then renamed. The file is gone
    /// afterwards, also when its bytes are not what they should be.
    ///
    /// What is hashed is what stays. The file lies in a folder of `uploads`, where only the daemon makes and exchanges names.
    /// It is hashed after nobody else can change its bytes any more: see ``isOurs(_:)``; a file of which that cannot be said
    /// is replaced by a copy, and the hash is that of the copy.
    func publish(_ path: String, as digest: Digest) async throws(StoreError) {
        let isOurs = try await threads.run { () throws(StoreError) in try Self.isOurs(path) }
        let actual = isOurs ? try await hash(path) : try await replaceByCopy(path, digest)
        guard actual == digest else {
            do throws(IOError) {
                try await threads.run { () throws(IOError) in try FileIO.removeFile(path) }
            } catch {
                throw StoreError(error)
            }
            throw StoreError(.digestMismatch, "the bytes received are \(actual), not \(digest); send them again")
        }
        let (name, used) = (self.path(of: digest), used)
        do throws(IOError) {
            try await OwnThread.run("publish") { () throws(IOError) in
                let file = try FileIO.open(path, O_RDONLY)
                guard fchmod(file.rawValue, 0o440) == 0 else { throw IOError(system: errno, "set the mode of", path) }
                try FileIO.sync(file)
                try used.withLock { (used) throws(IOError) in
                    // Another attempt may just have brought the same.
                    let before = Int64(try FileIO.status(name)?.size ?? 0)
                    let size = Int64(try FileIO.status(of: file).size)
                    try FileIO.rename(path, to: name)
                    used.change(by: size - before)
                }
                try FileIO.syncDirectory(FileIO.parent(name))
            }
        } catch {
            throw StoreError(error)
        }
    }

    /// Whether a file can be a blob as it is: it belongs to our user, has no other name, and nobody has it open for writing.
    /// It is made read-only first, so that nobody else can open it so afterwards.
    ///
    /// A file of another user never can, also when we are root: its owner may have it open, and a descriptor outlives a
    /// change of the owner and the mode. Processes of our own user could change any blob; they are trusted.
    private static func isOurs(_ path: String) throws(StoreError) -> Bool {
        do throws(IOError) {
            let file = try FileIO.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
            let status = try FileIO.status(of: file)
            guard status.kind == .file else { throw IOError(.wrongKind, "\(path) is no plain file") }
            guard status.user == geteuid(), status.links == 1 else { return false }
            guard fchmod(file.rawValue, 0o440) == 0 else { throw IOError(system: errno, "set the mode of", path) }
            // Where the file system has no leases nobody can tell; our own user is trusted then.
            return linux_is_open_for_writing(file.rawValue) != 1
        } catch {
            // Another try would find the same.
            if error.code == .notPermitted { throw StoreError(.badName, "the store may not read it: \(error.message)") }
            throw StoreError(error)
        }
    }

    /// Puts a copy of our own in the place of a file that others can change, and hashes the copy. On a file system that
    /// shares blocks it takes no room; elsewhere that of the file, which must fit like an upload.
    private func replaceByCopy(_ path: String, _ digest: Digest) async throws(StoreError) -> Digest {
        let copy = path + ".copy"
        do throws(StoreError) {
            let (source, target) = try await threads.run { () throws(StoreError) in try Self.opened(path, copy) }
            let isCloned = await threads.run { HashedCopy.clone(source, to: target) }
            let actual = isCloned ? try await hash(copy) : try await stream(source, to: target, digest, path)
            try await threads.run { () throws(StoreError) in
                do throws(IOError) { try FileIO.rename(copy, to: path) } catch { throw StoreError(error) }
            }
            return actual
        } catch {
            // It goes with its attempt at the latest; the error to tell is the first one.
            await threads.run { try? FileIO.removeFile(copy) }
            throw error
        }
    }

    private static func opened(
        _ path: String, _ copy: String
    ) throws(StoreError) -> (source: Descriptor, target: Descriptor) {
        do throws(IOError) {
            try FileIO.removeFile(copy)
            let source = try FileIO.open(path, O_RDONLY | O_NOFOLLOW)
            return (source, try FileIO.open(copy, O_RDWR | O_CREAT | O_EXCL, mode: 0o440))
        } catch {
            throw StoreError(error)
        }
    }

    private func stream(
        _ source: Descriptor, to target: Descriptor, _ digest: Digest, _ path: String
    ) async throws(StoreError) -> Digest {
        let size: Int
        do throws(IOError) { size = try FileIO.status(of: source).size } catch { throw StoreError(error) }
        try await announce(Int64(size), as: path, "\(digest): the copy of its \(StoreRoom.words(Int64(size)))")
        defer { announced.withLock { $0[path] = nil } }
        let isStopped = Locked(false)
        let announced = announced
        let result = await withTaskCancellationHandler {
            await OwnThread.run("blob-copy") { () -> Result<Digest, StoreError> in
                do throws(StoreError) {
                    return .success(
                        try HashedCopy.make(of: source, size: size, to: target) { done in
                            announced.withLock { $0[path] = Int64(size - done) }
                            return !isStopped.withLock { $0 }
                        })
                } catch {
                    return .failure(error)
                }
            }
        } onCancel: {
            isStopped.withLock { $0 = true }
        }
        return try result.get()
    }
}
