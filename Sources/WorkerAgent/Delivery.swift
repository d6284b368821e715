import FactoryExecution
import FactoryProtocol
import Glibc
import HTTP
import IO
import Systemd

/// Why artifacts are not in the store yet; trying again may help.
struct DeliveryError: Error, Sendable {
    let message: String
}

/// Brings inputs from the store to a spool, and results from a spool to the store: by name on the same host, else over
/// HTTP.
struct Delivery: Sendable {
    private let log: Log

    init(_ log: Log) { self.log = log }

    // MARK: Inputs

    /// Puts every input of a job into its spool.
    ///
    /// - Throws: A failure of the infrastructure, when one cannot be had; of the worker, when its disk is full.
    func fetchInputs(_ assignment: Assignment, to spool: Spool) async throws(JobFailure) {
        for input in assignment.assign.inputs {
            let path = spool.inputPath(input.artifact.digest)
            if let local = input.localPath, Self.link(local, to: path) { continue }
            try await download(input.artifact, to: path, assignment.assign.upload)
        }
    }

    /// Gives a file of the store a second name; what is in the store never changes.
    private static func link(_ local: String, to path: String) -> Bool {
        if Glibc.link(local, path) == 0 || errno == EEXIST { return true }
        guard errno == EXDEV || errno == EPERM || errno == EMLINK, access(local, R_OK) == 0 else { return false }
        // Another file system: blobs that a running job needs stay where they are.
        return symlink(local, path) == 0
    }

    private func download(_ artifact: Artifact, to path: String, _ upload: Upload) async throws(JobFailure) {
        let store: StoreAddress
        do throws(DeliveryError) {
            store = try StoreAddress(upload)
        } catch {
            throw JobFailure(.internal, "bad-store-url", error.message)
        }
        var tag: String?
        var last = ""
        for attempt in 0..<5 {
            if attempt > 0 { await pause(.seconds(attempt)) }
            do throws(HTTPError) {
                let got = try await store.client.download(
                    store.url(artifact.digest), to: path, fields: store.authorization, resumeTag: tag,
                    limit: Int(artifact.size))
                if Digest(hash: got.hash) == artifact.digest { return }
                last = "the store sent other bytes than those of \(artifact.digest)"
                tag = nil
            } catch {
                if error.code == .cancelled { break }
                if error.code == .file { throw JobFailure(.worker, "disk-full", error.message) }
                last = error.message
                // Whatever arrived is kept; the blob's tag is its digest.
                tag = artifact.digest.description
            }
        }
        throw JobFailure(.infrastructure, "input-unavailable", "The input \(artifact.name) cannot be had: \(last)")
    }

    // MARK: Results

    /// Brings all artifacts of a result to the store.
    ///
    /// - Returns: The result to report: the same, or a failure where the store will not have an artifact.
    /// - Throws: When trying again later may help.
    func bring(
        _ result: JobResult, of assignment: Assignment, from spool: Spool
    ) async throws(DeliveryError) -> JobResult {
        let store = try StoreAddress(assignment.assign.upload)
        for artifact in result.artifacts {
            if let failure = try await bring(artifact, assignment.assign.upload, store, spool) {
                return JobResult(outcome: .failed(failure), artifacts: [])
            }
        }
        return result
    }

    /// Brings one artifact; returns why the store will not have it, if so.
    private func bring(
        _ artifact: Artifact, _ upload: Upload, _ store: StoreAddress, _ spool: Spool
    ) async throws(DeliveryError) -> Failure? {
        let source = spool.out + "/" + artifact.name
        if let moved = Self.move(source, artifact.digest, upload) {
            let answer = try await store.put(artifact.digest, fields: ["Factory-Moved": moved])
            if answer.isSuccess { return nil }
            return try refusal(answer, artifact)
        }
        if access(source, R_OK) != 0 {
            return Failure(
                cause: .worker, code: "artifact-missing", message: "\(source) is not there any more: \(artifact.name)")
        }
        guard var start = try await store.received(artifact.digest) else { return nil }
        for _ in 0..<5 {
            let answer = try await store.put(artifact.digest, source, from: start, of: artifact.size)
            if answer.isSuccess { return nil }
            guard answer.status == 409 || answer.status == 416, let place = answer.offset, place != start else {
                return try refusal(answer, artifact)
            }
            // Somebody, or an earlier agent, sent a part already.
            start = place
        }
        throw DeliveryError(
            message: "the store and this worker do not agree on how much of \(artifact.name) has arrived")
    }

    /// Moves a file to where the store takes it from; returns its name there, or nil when it cannot be moved.
    private static func move(_ source: String, _ digest: Digest, _ upload: Upload) -> String? {
        guard let folder = upload.localDirectory else { return nil }
        let target = folder + "/" + digest.hex
        if rename(source, target) == 0 { return digest.hex }
        // Moved before the last crash of ours.
        return errno == ENOENT && access(target, F_OK) == 0 ? digest.hex : nil
    }

    private func refusal(_ answer: StoreAnswer, _ artifact: Artifact) throws(DeliveryError) -> Failure {
        let words = "The store did not take \(artifact.name): \(answer.status) \(answer.text)"
        switch answer.status {
        case 507: return Failure(cause: .infrastructure, code: answer.word ?? "disk-full", message: words)
        // The token died with the attempt, or the bytes are not what they should be: no use in trying again.
        case 400, 401, 403, 404, 413, 422: return Failure(cause: .worker, code: "artifact-refused", message: words)
        default: throw DeliveryError(message: words)
        }
    }

    private func pause(_ time: Duration) async {
        // Cancelled: the next try says so.
        try? await Poller.shared.sleep(until: .in(time))
    }
}
