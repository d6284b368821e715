package import FactoryProtocol
import Glibc
import IO

/// A blob on its way into the store, on behalf of one attempt of a job.
package struct Upload: Sendable, Hashable {
    /// `<job>.<attempt>`: a plain file name.
    package let attempt: String
    package let digest: Digest

    package init(attempt: String, digest: Digest) throws(StoreError) {
        try checkName(attempt)
        self.attempt = attempt
        self.digest = digest
    }

    /// The key by which two requests to one upload are told apart from two uploads.
    var key: String { attempt + "/" + digest.hex }
}

/// Refuses what is no plain file name: what comes over a socket must never leave its folder.
func checkName(_ name: String) throws(StoreError) {
    guard !name.isEmpty, name.utf8.count <= 255, !name.contains("/"), name != ".", name != "..",
        !name.utf8.contains(0)
    else { throw StoreError(.badName, "\"\(name)\" is no plain file name") }
}

extension BlobStore {
    /// How much of an upload is here, in bytes: where its sender goes on after a lost connection. All of it when the
    /// blob is in the store.
    ///
    /// A blob that is in the store is hashed first: whoever made the same bytes again brings them where the store's are
    /// damaged by now.
    ///
    /// One that was whole when the daemon was stopped is published first. Throws `upload-busy` while another request
    /// sends or publishes it.
    package func received(_ upload: Upload) async throws(StoreError) -> Int64 {
        await wants(upload.digest)
        try begin(upload)
        defer { end(upload) }
        return try await progress(upload)
    }

    /// Takes a part of an upload.
    ///
    /// Whether the whole fits is asked before the first byte. The bytes are asked for as the disk takes them. What arrived
    /// before an error is kept; the sender asks ``received(_:)`` and goes on from there. Of what can never fit on the disk
    /// nothing is kept. When the last byte is here, the whole is hashed and published.
    ///
    /// `start` is the place of the part's first byte and must be where the upload ends so far; `total` is the length of
    /// the whole blob in bytes; `next` gives the next bytes of the part, and none at its end. Returned is how much is
    /// here then. Thrown are ``StoreError`` with `bad-range`, `upload-busy`, `disk-full`, `room-taken` or
    /// `digest-mismatch`, and what `next` throws.
    package func receive(
        _ upload: Upload, from start: Int64, total: Int64, next: () async throws -> [UInt8]
    ) async throws -> Int64 {
        await wants(upload.digest)
        try begin(upload)
        defer { self.end(upload) }
        let path = partial(upload)
        var end = try await progress(upload)
        // The whole is here, from whatever place the part begins.
        if end == total, try await askSize(of: upload.digest) == total { return total }
        guard start == end, total >= 0 else {
            throw StoreError(
                .badRange, "\(upload.digest): \(end) bytes are here, so the next part begins at \(end), not \(start)")
        }
        // Of a blob whose every byte is here nothing more has to fit.
        if total > end {
            do throws(StoreError) {
                try await announce(total - end, as: upload.key, "\(upload.digest): its \(StoreRoom.words(total))")
            } catch {
                // What is here goes on when the others have ended, and is only in the way where it cannot.
                if error.code == .diskFull { await drop(path) }
                throw error
            }
        }
        defer { announced.withLock { $0[upload.key] = nil } }
        let file = try await threads.run { () throws(StoreError) in
            try self.makeFolder(FileIO.parent(path), mode: 0o750)
            return try self.opened(path)
        }
        while true {
            let bytes = try await next()
            if bytes.isEmpty { break }
            guard end + Int64(bytes.count) <= total else {
                throw StoreError(.badRange, "\(upload.digest): more than the \(total) bytes that were announced")
            }
            let place = Int(end)
            do throws(IOError) {
                // Not on the pool: a disk that cannot keep up makes write(2) wait.
                try await threads.run { () throws(IOError) in
                    try FileIO.write(bytes, to: file, at: place)
                }
            } catch {
                // What the disk took of these bytes is not counted; the next part writes over it.
                await threads.run { _ = ftruncate(file.rawValue, place) }
                // A part of what does not fit would only take the room of others.
                if error.code == .noSpace { await drop(path) }
                throw StoreError(error)
            }
            end += Int64(bytes.count)
            announced.withLock { $0[upload.key] = total - end }
        }
        if end == total {
            // Nobody writes to it any more, and publishing looks whether that is so.
            file.close()
            do throws(IOError) {
                // Under a name that says so: after a crash it is published and not waited for.
                let whole = whole(upload)
                try await threads.run { () throws(IOError) in try FileIO.rename(path, to: whole) }
            } catch {
                throw error.code == .notFound
                    ? StoreError(.attemptEnded, "the attempt \(upload.attempt) ended meanwhile") : StoreError(error)
            }
            try await publish(whole(upload), as: upload.digest)
        }
        return end
    }

    /// Where an attempt on the same host puts files that are to be moved: a folder of its own, made now. Blocks.
    package func incoming(attempt: String) throws(StoreError) -> String {
        try checkName(attempt)
        let folder = root + "/incoming/" + attempt
        // The worker's user writes here through the group; see docs/operating.md.
        try makeFolder(folder, mode: 0o770)
        return folder
    }

    /// Takes a file that the attempt put into its incoming folder. Links and anything but plain files are refused.
    ///
    /// It is moved away first, so that the attempt cannot exchange it between the look at it and the taking; a repeated
    /// call after a crash goes on. A file that belongs to another user, that has another name, or that somebody has open for
    /// writing is replaced by a copy: see ``publish(_:as:)``. What is moved takes no room and is taken also where the disk has
    /// less left than the reserve; a copy must fit.
    package func take(file name: String, as upload: Upload) async throws(StoreError) {
        try checkName(name)
        await wants(upload.digest)
        try begin(upload)
        defer { end(upload) }
        // Hashed as the file would be; a damaged one makes way for it.
        if try await isSound(upload.digest) { return }
        try await threads.run { () throws(StoreError) in try self.moveIn(name, upload) }
        try await publish(whole(upload), as: upload.digest)
    }

    /// Moves a file of the attempt's incoming folder to where it is published. Blocks.
    private func moveIn(_ name: String, _ upload: Upload) throws(StoreError) {
        try makeFolder(FileIO.parent(whole(upload)), mode: 0o750)
        do throws(IOError) {
            do throws(IOError) {
                try FileIO.rename(root + "/incoming/" + upload.attempt + "/" + name, to: whole(upload))
            } catch  where error.code == .notFound {
                guard try FileIO.status(whole(upload)) != nil else {
                    throw IOError(.wrongKind, "there is no file \(name) in the attempt's incoming folder")
                }
            }
            guard try FileIO.status(whole(upload))?.kind == .file else {
                try Directory.remove(whole(upload))
                throw IOError(.wrongKind, "\(name) is no plain file")
            }
        } catch {
            throw error.code == .wrongKind ? StoreError(.badName, error.message) : StoreError(error)
        }
    }

    /// Forgets what an attempt left half done. Called when it has ended.
    package func endAttempt(_ attempt: String) throws(StoreError) {
        try checkName(attempt)
        do throws(IOError) {
            for folder in ["uploads", "incoming"] {
                let path = root + "/" + folder + "/" + attempt
                if try FileIO.status(path) != nil { try Directory.remove(path) }
            }
        } catch {
            throw StoreError(error)
        }
    }

    /// Attempts of which something is here, but those of `running`: what a stop of the daemon kept from being removed.
    package func leftovers(except running: Set<String>) throws(StoreError) -> [String] {
        do throws(IOError) {
            var found: Set<String> = []
            for folder in ["uploads", "incoming"] {
                found.formUnion(try Directory.entries(root + "/" + folder).map(\.name))
            }
            return found.subtracting(running).sorted()
        } catch {
            throw StoreError(error)
        }
    }

    private func partial(_ upload: Upload) -> String { root + "/uploads/" + upload.key }

    private func whole(_ upload: Upload) -> String { partial(upload) + ".whole" }

    /// Removes the part of an upload that is here.
    private func drop(_ path: String) async {
        // It goes with its attempt at the latest; the error to tell is that it does not fit.
        await threads.run { try? FileIO.removeFile(path) }
    }

    /// Somebody asks for a blob; see ``ask(for:)``. Whoever takes blobs away may hold its lock while the disk waits.
    private func wants(_ digest: Digest) async { await threads.run { self.ask(for: digest) } }

    private func begin(_ upload: Upload) throws(StoreError) {
        guard writing.withLock({ $0.insert(upload.key).inserted }) else {
            throw StoreError(.busy, "another request sends \(upload.digest) for \(upload.attempt) right now")
        }
    }

    private func end(_ upload: Upload) {
        writing.withLock { _ = $0.remove(upload.key) }
    }

    private func progress(_ upload: Upload) async throws(StoreError) -> Int64 {
        if try await isSound(upload.digest), let size = try await askSize(of: upload.digest) { return size }
        let (whole, partial) = (whole(upload), partial(upload))
        let received: Int64?
        do throws(IOError) {
            received = try await threads.run { () throws(IOError) in
                guard try FileIO.status(whole) == nil else { return nil }
                return Int64(try FileIO.status(partial)?.size ?? 0)
            }
        } catch {
            throw StoreError(error)
        }
        if let received { return received }
        try await publish(whole, as: upload.digest)
        return try await askSize(of: upload.digest) ?? 0
    }

    private func makeFolder(_ path: String, mode: mode_t) throws(StoreError) {
        do throws(IOError) {
            try Directory.make(path, mode: mode)
        } catch {
            throw StoreError(error)
        }
    }

    private func opened(_ path: String) throws(StoreError) -> Descriptor {
        do throws(IOError) {
            return try FileIO.open(path, O_WRONLY | O_CREAT, mode: 0o640)
        } catch {
            throw StoreError(error)
        }
    }
}
