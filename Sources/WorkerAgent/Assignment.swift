import FactoryExecution
import FactoryProtocol
import FactorySpec
import IO
import JSON

/// What the server said when it gave us a job, kept in `SPOOL/assign.json`, so that the next agent knows it too: the
/// job's own process must not know where results go and by which token.
struct Assignment: Sendable {
    /// Longest `assign.json`, in bytes; it came in one frame.
    private static let limit = 2 << 20

    let assign: Assign
    let work: JobWork

    /// Takes the server's words.
    ///
    /// - Throws: `badSpool` when this version does not know the work, or the format that it is written in.
    init(_ assign: Assign) throws(ExecutionError) {
        self.assign = assign
        let format = assign.workFormat ?? 1
        guard (1...JobWork.format).contains(format) else {
            throw ExecutionError(
                .badSpool,
                "the work of job \(assign.job) is written in format \(format), and this worker reads formats up to "
                    + "\(JobWork.format): upgrade factory-worker")
        }
        do throws(JSONError) {
            work = try StrictJSON.decode(JobWork.self, from: try CanonicalJSON.encode(assign.work))
        } catch {
            throw ExecutionError(.badSpool, "the work of job \(assign.job) is not understood: \(error)")
        }
    }

    /// Reads what an earlier agent kept.
    init(in spool: Spool) throws(ExecutionError) {
        let bytes: [UInt8]
        do throws(IOError) {
            bytes = try FileIO.read(Self.path(spool), limit: Self.limit)
        } catch {
            throw ExecutionError(error.code == .notFound ? .noSpool : .spoolFailed, error.message)
        }
        let assign: Assign
        do throws(JSONError) {
            assign = try StrictJSON.decode(Assign.self, from: bytes, maxDepth: FrameLimits.depth)
        } catch {
            throw ExecutionError(.badSpool, "\(Self.path(spool)) cannot be read: \(error)")
        }
        try self.init(assign)
    }

    /// Keeps it. Blocks for a sync. Only our user may read it: the token is in it.
    func write(in spool: Spool) throws(ExecutionError) {
        let bytes: [UInt8]
        do throws(JSONError) {
            bytes = try CanonicalJSON.encode(assign)
        } catch {
            throw ExecutionError(.badSpool, "\(Self.path(spool)) cannot be written: \(error)")
        }
        do throws(IOError) {
            try AtomicFile.write(bytes, to: Self.path(spool), mode: 0o600)
        } catch {
            throw ExecutionError(error.code == .noSpace ? .diskFull : .spoolFailed, error.message)
        }
    }

    var claim: Claim { Claim(job: assign.job, fence: assign.fence) }

    /// What stays free on the farm's disk, where one of the directories is on it. Blocks.
    func reserve(sharedBy directories: [String]) -> DiskReserve? {
        guard let bytes = assign.upload.reserveBytes, let place = assign.upload.localDirectory else { return nil }
        return DiskReserve(bytes: bytes, of: place, sharedBy: directories)
    }

    /// The order for the job's process in a spool. Blocks.
    func order(_ settings: WorkerSettings, in spool: Spool) -> JobOrder {
        JobOrder(
            job: assign.job, attempt: assign.attempt, fence: assign.fence, work: work,
            inputs: assign.inputs.map(\.artifact), noCache: assign.noCache, sourceDateEpoch: assign.sourceDateEpoch,
            timeoutSeconds: assign.timeoutSeconds, trees: settings.trees, cache: settings.cache,
            reserve: reserve(sharedBy: [spool.directory, settings.trees, settings.cache]))
    }

    private static func path(_ spool: Spool) -> String { spool.directory + "/assign.json" }
}
