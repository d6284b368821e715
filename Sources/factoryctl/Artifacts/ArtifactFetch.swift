import FactoryClient
import FactoryProtocol
import HTTP
import IO

/// Fetches one artifact into a directory: what is there already is kept, what is half there is gone on with, and nothing
/// gets its name before its digest was checked.
struct ArtifactFetch: Sendable {
    let blobs: BlobClient
    let directory: String

    /// Fetches it.
    ///
    /// - Throws: ``CommandError`` when the store does not have it, or what came is not what was promised.
    func fetch(
        _ artifact: Artifact, progress: @escaping HTTPClient.Progress
    ) async throws -> BlobClient.Fetched {
        do throws(ClientError) {
            return try await blobs.fetch(
                artifact.digest, size: artifact.size, to: "\(directory)/\(artifact.name)", progress: progress)
        } catch {
            if error.code == .cancelled { throw CancellationError() }
            throw CommandError(
                error.isLoss ? .connectionLost : .buildFailed, "'\(artifact.name)' could not be fetched: \(error)",
                hint: Self.hint(error))
        }
    }

    /// What helps. Only what may go away by itself is worth the same command.
    static func hint(_ error: ClientError) -> String? {
        if error.code == .cannotConnect { return "naming the store by --http, or 'factoryctl doctor'" }
        if error.isLoss { return "the same command again; it goes on where it stopped" }
        switch error.reason {
        // The earlier part may have been the wrong one.
        case BlobClient.otherBytesResumed: return "the same command again; it begins anew"
        case BlobClient.otherBytes:
            return "the store's copy is damaged: submit the build again with --no-cache, which makes it anew"
        // The store has noticed, and does not count on its copy any more.
        case Failure.damagedBlob: return "submit the build again; what is damaged is made anew"
        default: break
        }
        return error.code == .localFile ? "another directory: --output DIR" : nil
    }

    /// Writes `NAME.sha256` beside an ISO, unless the build made one.
    func writeChecksum(of artifact: Artifact) async throws {
        let (line, path) = (ArtifactChoice.checksumLine(artifact), "\(directory)/\(artifact.name).sha256")
        try await OwnThread.run("checksum") { () throws(IOError) in
            try AtomicFile.write(Array(line.utf8), to: path)
        }
    }
}
