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
    /// How much of an upload is here, in bytes: where its sender goes on after a lost connection.
    package func received(_ upload: Upload) throws(StoreError) -> Int64 {
        do throws(IOError) {
            return Int64(try FileIO.status(partial(upload))?.size ?? 0)
        } catch {
            throw StoreError(error)
        }
    }

    /// Takes a part of an upload.
    ///
    /// The bytes are asked for as the disk takes them. What arrived before an error is kept; the sender asks
    /// ``received(_:)`` and goes on from there. When the last byte is here, the whole is hashed and published.
    ///
    /// `start` is the place of the part's first byte and must be where the upload ends so far; `total` is the length of
    /// the whole blob in bytes; `next` gives the next bytes of the part, and none at its end. Returned is how much is
    /// here then. Thrown are ``StoreError`` with `bad-range`, `upload-busy`, `disk-full` or `digest-mismatch`, and what
    /// `next` throws.
    package func receive(
        _ upload: Upload, from start: Int64, total: Int64, next: () async throws -> [UInt8]
    ) async throws -> Int64 {
        if try size(of: upload.digest) == total { return total }
        guard writing.withLock({ $0.insert(upload.key).inserted }) else {
            throw StoreError(.busy, "another request sends \(upload.digest) for \(upload.attempt) right now")
        }
        defer { writing.withLock { _ = $0.remove(upload.key) } }
        let path = partial(upload)
        var end = try received(upload)
        guard start == end, total >= 0 else {
            throw StoreError(
                .badRange, "\(upload.digest): \(end) bytes are here, so the next part begins at \(end), not \(start)")
        }
        try makeFolder(FileIO.parent(path))
        let file = try opened(path)
        while true {
            let bytes = try await next()
            if bytes.isEmpty { break }
            guard end + Int64(bytes.count) <= total else {
                throw StoreError(.badRange, "\(upload.digest): more than the \(total) bytes that were announced")
            }
            do throws(IOError) {
                try FileIO.write(bytes, to: file, at: Int(end))
            } catch {
                // What the disk took of these bytes is not counted; the next part writes over it.
                ftruncate(file.rawValue, Int(end))
                throw StoreError(error)
            }
            end += Int64(bytes.count)
        }
        if end == total { try await publish(path, as: upload.digest) }
        return end
    }

    /// Where an attempt on the same host puts files that are to be moved: a folder of its own, made now.
    package func incoming(attempt: String) throws(StoreError) -> String {
        try checkName(attempt)
        let folder = root + "/incoming/" + attempt
        try makeFolder(folder)
        return folder
    }

    /// Takes a file that the attempt put into its incoming folder. Links and anything but plain files are refused.
    package func take(file name: String, as upload: Upload) async throws(StoreError) {
        try checkName(name)
        if try size(of: upload.digest) != nil { return }
        let path = root + "/incoming/" + upload.attempt + "/" + name
        do throws(IOError) {
            guard let status = try FileIO.status(path) else {
                throw IOError(.notFound, "there is no file \(name) in the attempt's incoming folder")
            }
            guard status.kind == .file else { throw IOError(.wrongKind, "\(name) is no plain file") }
        } catch {
            throw error.code == .notFound || error.code == .wrongKind
                ? StoreError(.badName, error.message) : StoreError(error)
        }
        try await publish(path, as: upload.digest)
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

    private func partial(_ upload: Upload) -> String { root + "/uploads/" + upload.key }

    private func makeFolder(_ path: String) throws(StoreError) {
        do throws(IOError) {
            // The worker's user may write here through the group; see docs/operating.md.
            try Directory.make(path, mode: 0o770)
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
