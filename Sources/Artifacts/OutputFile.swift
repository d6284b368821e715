import Crypto
import FactoryExecution
import FactoryProtocol
import IO

/// A file that a job leaves, made into an artifact by hashing it.
struct OutputFile {
    var directory: String
    var name: String

    var path: String { directory + "/" + name }

    /// Hashes the file, on a thread of its own.
    ///
    /// - Throws: `JobFailure` when it cannot be read; `CancellationError`.
    func artifact(role: Artifact.Role, mediaType: String) async throws -> Artifact {
        do {
            let size = try FileIO.status(path)?.size ?? 0
            let digest = Digest(hash: try await SHA256.hash(file: path))
            return Artifact(name: name, role: role, digest: digest, size: Int64(size), mediaType: mediaType)
        } catch let error as CryptoError {
            if error.code == .cancelled { throw CancellationError() }
            throw JobFailure(.worker, "unreadable", error.message)
        } catch let error as IOError {
            throw Tool.failure(error)
        }
    }
}
