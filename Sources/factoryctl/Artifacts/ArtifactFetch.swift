import Crypto
import FactoryProtocol
import Glibc
import HTTP
import IO

/// Fetches one artifact into a directory: what is there already is kept, what is half there is gone on with, and nothing
/// gets its name before its digest was checked.
struct ArtifactFetch: Sendable {
    let client: HTTPClient
    /// The address of the store, as `http://localhost`.
    let base: String
    let directory: String

    /// Fetches it.
    ///
    /// - Throws: ``CommandError`` when the store does not have it, or what came is not what was promised; `HTTPError`,
    ///   `IOError`.
    func fetch(_ artifact: Artifact, progress: @escaping HTTPClient.Progress) async throws -> FetchOutcome {
        let path = "\(directory)/\(artifact.name)"
        if try await isWhole(path, artifact) { return .kept }
        let part = "\(directory)/.\(artifact.name).\(artifact.digest.short).part"
        let download: HTTPClient.Download
        do throws(HTTPError) {
            download = try await client.download(
                "\(base)/v1/blobs/\(artifact.digest)", to: part, resumeTag: artifact.digest.description,
                limit: Int(artifact.size), progress: progress)
        } catch {
            throw CommandError(
                .buildFailed, "'\(artifact.name)' could not be fetched: \(error)",
                hint: "the same command again; it goes on where it stopped")
        }
        guard Digest(hash: download.hash) == artifact.digest else {
            try FileIO.removeFile(part)
            throw CommandError(
                .buildFailed,
                "'\(artifact.name)' arrived as \(Digest(hash: download.hash)), but must be \(artifact.digest); it was thrown away",
                hint: "the same command again")
        }
        try await OwnThread.run("fsync") { () throws(IOError) in
            try FileIO.sync(try FileIO.open(part, O_RDONLY))
            try FileIO.rename(part, to: path)
            try FileIO.syncDirectory(directory)
        }
        return .fetched(resumedFrom: download.resumedFrom)
    }

    /// Writes `NAME.sha256` beside an ISO, unless the build made one.
    func writeChecksum(of artifact: Artifact) async throws {
        let (line, path) = (ArtifactChoice.checksumLine(artifact), "\(directory)/\(artifact.name).sha256")
        try await OwnThread.run("checksum") { () throws(IOError) in
            try AtomicFile.write(Array(line.utf8), to: path)
        }
    }

    private func isWhole(_ path: String, _ artifact: Artifact) async throws -> Bool {
        guard let there = try FileIO.status(path), there.kind == .file, Int64(there.size) == artifact.size else {
            return false
        }
        return Digest(hash: try await SHA256.hash(file: path)) == artifact.digest
    }
}
