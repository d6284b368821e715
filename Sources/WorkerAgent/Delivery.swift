import CLinux
import Crypto
import FactoryClient
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

    /// Puts every input of a job into its spool, whole or not at all.
    ///
    /// - Parameters:
    ///   - assignment: What names them, and the store.
    ///   - spool: Where they go.
    ///   - isConnected: Whether the farm can be heard. While it cannot, the store cannot either, and both are waited
    ///     for: a restart of the farm is no job's fault.
    /// - Throws: A failure of the infrastructure, when one cannot be had; of the worker, when its disk is full, or would have
    ///   less left than the farm keeps free on it.
    func fetchInputs(
        _ assignment: Assignment, to spool: Spool, isConnected: () -> Bool
    ) async throws(JobFailure) {
        let reserve = await OwnThread.run("input-room") { assignment.reserve(sharedBy: [spool.directory]) }
        for input in assignment.assign.inputs {
            let path = spool.inputPath(input.artifact.digest)
            // Blocks that are shared take no room.
            if let local = input.localPath, try await Self.take(input.artifact, from: local, to: path, how: .clone) {
                continue
            }
            try await Self.checkRoom(for: input.artifact, reserve)
            if let local = input.localPath, try await Self.take(input.artifact, from: local, to: path, how: .copy) {
                continue
            }
            try await download(input.artifact, to: path, assignment.assign.upload, isConnected)
        }
    }

    /// Refuses an input that would take room which the farm keeps free on the same disk.
    static func checkRoom(for artifact: Artifact, _ reserve: DiskReserve?) async throws(JobFailure) {
        guard let reserve else { return }
        // A disk that cannot be looked at: what writes to it says why.
        let room = await OwnThread.run("input-room") { try? reserve.room() }
        guard let room, room < artifact.size else { return }
        throw JobFailure(
            .worker, "disk-full",
            "The input \(artifact.name) of \(artifact.size >> 20) MiB does not fit in \(reserve.path): \(reserve.words)"
        )
    }

    /// How a copy is made.
    enum CopyKind: Sendable {
        /// It shares the blocks of the file and takes no room; not every file system can.
        case clone
        /// It takes the room of the file until the job ends.
        case copy
    }

    /// Takes an input from a file of the store, whole or not at all; false when it cannot be had so, and is to be downloaded.
    ///
    /// What is hashed is the copy that the job reads. Never a second name of the same file: a job runs as root, and a fault in
    /// it would change what the store holds.
    /// - Throws: `damaged-blob` of the infrastructure when the store's file is not what it is called.
    static func take(
        _ artifact: Artifact, from local: String, to path: String, how: CopyKind
    ) async throws(JobFailure) -> Bool {
        // Whole already: until then it has another name. After a crash of the host it may hold anything.
        if await hash(of: path) == artifact.digest { return true }
        let part = path + ".copy"
        let size: Int64? = await OwnThread.run("input-copy") { copy(local, to: part, instead: path, how) }
        guard let size else { return false }
        let found = size == artifact.size ? await hash(of: part) : nil
        if found == artifact.digest {
            return await OwnThread.run("input-copy") {
                // The download that follows says what is wrong.
                do throws(IOError) { try FileIO.rename(part, to: path) } catch { return false }
                return true
            }
        }
        // It goes with the spool at the latest.
        await OwnThread.run("input-copy") { try? FileIO.removeFile(part) }
        if size == artifact.size, found == nil { return false }
        let what = found.map { "its bytes are \($0)" } ?? "it has \(size) bytes instead of \(artifact.size)"
        throw damaged(artifact, "\(local): \(what)")
    }

    /// Copies a file; nil when it cannot be. Returned is how long the copy is. Blocks.
    private static func copy(_ local: String, to part: String, instead path: String, _ how: CopyKind) -> Int64? {
        do throws(IOError) {
            try FileIO.removeFile(path)
            let source = try FileIO.open(local, O_RDONLY)
            try FileIO.removeFile(part)
            let target = try FileIO.open(part, O_WRONLY | O_CREAT | O_EXCL)
            let copy = how == .clone ? linux_clone_file : linux_copy_file
            guard copy(source.rawValue, target.rawValue) == 0 else { throw IOError(system: errno, "copy", local) }
            return Int64(try FileIO.status(of: target).size)
        } catch {
            // The download that follows says what is wrong, a full disk included; the rest goes with the spool.
            try? FileIO.removeFile(part)
            return nil
        }
    }

    /// The digest of a file; nil when there is none, or it cannot be read.
    private static func hash(of path: String) async -> Digest? {
        do throws(CryptoError) { return Digest(hash: try await SHA256.hash(file: path)) } catch { return nil }
    }

    /// The failure of a job whose input is not what the store says it is.
    private static func damaged(_ artifact: Artifact, _ why: String) -> JobFailure {
        JobFailure(
            .infrastructure, Failure.damagedBlob,
            "The store's copy of \(artifact.name) (\(artifact.digest)) is damaged: \(why). Submit the build again: what is "
                + "damaged is made anew")
    }

    private func download(
        _ artifact: Artifact, to path: String, _ upload: Upload, _ isConnected: () -> Bool
    ) async throws(JobFailure) {
        let client: BlobClient
        do throws(ClientError) {
            client = try BlobClient(upload.url, token: upload.token)
        } catch {
            throw JobFailure(.internal, "bad-store-url", error.message)
        }
        while true {
            do throws(ClientError) {
                _ = try await client.fetch(artifact.digest, size: artifact.size, to: path)
                return
            } catch {
                if error.code == .localFile { throw await Self.localFailure(error.message, path) }
                if error.reason == Failure.damagedBlob || error.reason == BlobClient.otherBytes {
                    throw Self.damaged(artifact, error.message)
                }
                guard error.isLoss, !isConnected() else {
                    throw JobFailure(
                        .infrastructure, "input-unavailable",
                        "The input \(artifact.name) cannot be had: \(error.message)")
                }
                log.write(
                    .warning, "A job waits for the store.",
                    ["input": artifact.name, "digest": "\(artifact.digest)", "why": error.message])
            }
            await pause(.seconds(1))
        }
    }

    /// What is told of a file of ours that cannot be written: most of the time the disk is full.
    private static func localFailure(_ message: String, _ path: String) async -> JobFailure {
        let place = FileIO.parent(path)
        // Not knowing how much is left only makes the sentence shorter.
        let free = await BlockingThreads.disk.run { try? Spool(place).freeBytes() }
        return JobFailure(
            Failure(cause: .worker, code: "file-failed", message: message).considering(freeBytes: free, in: place))
    }

    // MARK: Results

    /// Brings all artifacts of a result to the store.
    ///
    /// With `isLastTry` it goes on without what cannot be delivered. A success is nothing without its artifacts, so for
    /// one it means nothing; a failure is told also without them.
    ///
    /// - Returns: The result to report: the same; a failure where the store will not have an artifact of a success; a
    ///   failure without the artifacts that the store does not have.
    /// - Throws: When trying again later may help.
    func bring(
        _ result: JobResult, of assignment: Assignment, from spool: Spool, isLastTry: Bool = false
    ) async throws(DeliveryError) -> JobResult {
        var delivered = JobResult(outcome: result.outcome, artifacts: [])
        if result.artifacts.isEmpty { return delivered }
        let store: StoreAddress
        do throws(DeliveryError) {
            store = try StoreAddress(assignment.assign.upload)
        } catch {
            // No later try makes another address of it.
            guard result.outcome == .succeeded else { return delivered }
            let failure = Failure(cause: .internal, code: "bad-store-url", message: error.message)
            return JobResult(outcome: .failed(failure), artifacts: [])
        }
        for artifact in result.artifacts {
            let why: String
            do throws(DeliveryError) {
                let refusal = try await bring(artifact, assignment.assign.upload, store, spool)
                if let refusal, result.outcome == .succeeded {
                    return JobResult(outcome: .failed(refusal), artifacts: [])
                }
                guard let refusal else {
                    delivered.artifacts.append(artifact)
                    continue
                }
                why = refusal.message
            } catch {
                guard isLastTry, result.outcome != .succeeded else { throw error }
                why = error.message
            }
            log.write(
                .warning, "A failed job's artifact could not be delivered.",
                ["job": assignment.claim.job.rawValue, "artifact": artifact.name, "why": why])
        }
        return delivered
    }

    /// Brings one artifact; returns why the store will not have it, if so.
    private func bring(
        _ artifact: Artifact, _ upload: Upload, _ store: StoreAddress, _ spool: Spool
    ) async throws(DeliveryError) -> Failure? {
        let source = spool.out + "/" + artifact.name
        if let moved = await Self.move(source, artifact.digest, upload) {
            let answer = try await store.put(artifact.digest, fields: ["Factory-Moved": moved])
            if answer.isSuccess { return nil }
            return try refusal(answer, artifact)
        }
        // Asked first: a moved file is in the store's hands, also when the answer to its move was lost.
        let known = try await store.ask(artifact.digest)
        if known.isSuccess { return nil }
        guard known.status == 404 else { return try refusal(known, artifact) }
        if await BlockingThreads.disk.run({ access(source, R_OK) != 0 }) {
            return Failure(
                cause: .worker, code: "artifact-missing", message: "\(source) is not there any more: \(artifact.name)")
        }
        var start = known.offset ?? 0
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
    private static func move(_ source: String, _ digest: Digest, _ upload: Upload) async -> String? {
        guard let folder = upload.localDirectory else { return nil }
        let target = folder + "/" + digest.hex
        return await BlockingThreads.disk.run {
            give(source, toOwnerOf: folder)
            if rename(source, target) == 0 { return digest.hex }
            // Moved before the last crash of ours.
            return errno == ENOENT && access(target, F_OK) == 0 ? digest.hex : nil
        }
    }

    /// Makes a file that is about to be moved to the store belong to the store's user, where we are root: the store copies what
    /// belongs to others, for they could change it later. So it does with what has a second name, as layers have that are kept
    /// here; those stay ours.
    static func give(_ source: String, toOwnerOf folder: String) {
        guard geteuid() == 0 else { return }
        // Where this fails the store copies, or the upload says what is wrong.
        guard let file = try? FileIO.open(source, O_RDONLY | O_NOFOLLOW | O_NONBLOCK),
            let status = try? FileIO.status(of: file), status.kind == .file, status.links == 1,
            let owner = try? FileIO.status(folder), owner.user != status.user
        else { return }
        _ = fchown(file.rawValue, owner.user, owner.group)
    }

    private func refusal(_ answer: StoreAnswer, _ artifact: Artifact) throws(DeliveryError) -> Failure {
        // The answer to a question about a blob has no body.
        let why = answer.text.isEmpty ? answer.word ?? "" : answer.text
        let words = "The store did not take \(artifact.name): \(answer.status) \(why)"
        switch answer.status {
        // Nobody but people makes room there: the job is not done a second time for it.
        case 507:
            return Failure(
                cause: .infrastructure, code: "disk-full",
                message: "The store has no room for \(artifact.name): \(why). Make room there, or have old builds "
                    + "forgotten (keep-builds of factoryd); then 'factoryctl retry BUILD'")
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
