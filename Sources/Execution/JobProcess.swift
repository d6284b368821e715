import Crypto
import Glibc
import IO
package import Processes

/// A job's process seen from the agent: started or adopted, stopped, waited for until there is one result.
package final class JobProcess: Sendable {
    /// How long a job may take to end after TERM.
    package static let grace = Duration.seconds(10)
    /// TERM is sent again this often: a process that is still starting loses the first one.
    private static let askAgain = Duration.seconds(1)

    /// Where the job lives.
    package let spool: Spool
    private let process: ContainedProcess
    private let life = Locked(JobLife())

    private init(_ spool: Spool, _ process: ContainedProcess) {
        self.spool = spool
        self.process = process
    }

    /// What keeps the job apart.
    package var isolation: Isolation { process.isolation }

    /// The number of the process whose end is the end of the job.
    package var pid: Int32 { process.pid }

    /// Starts `program run-job --quiet SPOOL` contained. The job outlives us. Blocks, as ``adopt(_:in:)`` and
    /// ``result(ofEnded:)`` do, for as long as the disk takes.
    ///
    /// - Parameters:
    ///   - spool: With its order and inputs.
    ///   - program: The path of `factory-worker`, which is its own init.
    ///   - containment: What this host allows.
    ///   - environment: Added to `Command.plainEnvironment`.
    /// - Returns: The running job.
    /// - Throws: `processFailed`.
    package static func start(
        _ spool: Spool, program: String, in containment: Containment, environment: [String: String] = [:]
    ) throws(ExecutionError) -> JobProcess {
        var command = Command(program, ["run-job", "--quiet", spool.directory])
        command.environment.merge(environment) { $1 }
        command.directory = spool.directory
        command.standardOutput = .file(spool.logPath)
        do throws(ProcessError) {
            return JobProcess(
                spool, try containment.start(command, name: groupName(spool), hasOwnInit: true))
        } catch {
            throw ExecutionError(error)
        }
    }

    /// What became of a job that another agent started.
    package enum Adoption: Sendable {
        /// It lives, and is ours now.
        case living(JobProcess)
        /// It does not live. The lock keeps it from starting late; hold it until the spool is gone.
        case ended(SpoolLock)
    }

    /// Takes charge of the job of a spool that an earlier agent left.
    package static func adopt(_ spool: Spool, in containment: Containment) throws(ExecutionError) -> Adoption {
        while true {
            guard let holder = try SpoolLock.holder(spool) else {
                if let lock = try SpoolLock.take(spool) { return .ended(lock) }
                continue
            }
            if holder <= 0 {
                throw ExecutionError(
                    .processFailed,
                    "\(spool.lockPath) is held by a process outside of our PID namespace: another agent runs the job")
            }
            do throws(ProcessError) {
                let group = containment.parentGroup?.child(groupName(spool))
                let process = try ContainedProcess.adopt(job: holder, group: group) {
                    // An unreadable lock is no proof of life.
                    (try? SpoolLock.holder(spool)) == holder
                }
                if let process { return .living(JobProcess(spool, process)) }
            } catch {
                throw ExecutionError(error)
            }
        }
    }

    /// Kills what may still run in a spool that nobody wants, and waits for its end.
    ///
    /// - Returns: The lock, which keeps the job from starting late; hold it until the spool is gone.
    package static func end(_ spool: Spool, in containment: Containment) async throws(ExecutionError) -> SpoolLock {
        while true {
            let adoption = try await BlockingThreads.disk.run { () throws(ExecutionError) in
                try adopt(spool, in: containment)
            }
            switch adoption {
            case .ended(let lock): return lock
            case .living(let job):
                do throws(ProcessError) {
                    try job.process.kill()
                    _ = try await job.process.ended()
                } catch {
                    throw ExecutionError(error)
                }
            }
        }
    }

    /// The name of the control group of a spool's job.
    package static func groupName(_ spool: Spool) -> String { groupPrefix(FileIO.parent(spool.directory)) + spool.name }

    /// What the names of the control groups begin with that belong to the spools below a directory. Two agents may share
    /// the group above, and one must not take the other's new and still empty group for a leftover.
    package static func groupPrefix(_ spools: String) -> String { "job-\(SHA256.hex(of: spools).prefix(8))-" }

    /// Waits until the job has ended and everything it started is gone. Cancelling the task ends the wait, not the job.
    ///
    /// - Parameters:
    ///   - stops: Reasons to stop the job, as they come; the first one counts.
    ///   - limit: How long the job may take; nil for ever.
    /// - Returns: How the attempt ended, whether the job could say so or not.
    /// - Throws: `processFailed`, `badSpool`.
    package func result(
        stops: AsyncStream<JobLife.Stop>, limit: JobTimeLimit? = nil
    ) async throws(ExecutionError) -> JobResult {
        let ending: Result<Ending?, ExecutionError> = await withTaskGroup(of: Result<Ending?, ExecutionError>?.self) {
            group in
            group.addTask {
                for await stop in stops {
                    do throws(ExecutionError) {
                        try await self.stop(stop)
                    } catch {
                        return .failure(error)
                    }
                }
                return nil
            }
            group.addTask {
                guard let limit, await limit.passed(self.process.pid) else { return nil }
                do throws(ExecutionError) {
                    try await self.stop(.timedOut(seconds: limit.seconds))
                    return nil
                } catch {
                    return .failure(error)
                }
            }
            group.addTask {
                do throws(ProcessError) {
                    return .success(try await self.process.ended())
                } catch {
                    return .failure(ExecutionError(error))
                }
            }
            defer { group.cancelAll() }
            while let answer = await group.next() {
                if let answer { return answer }
            }
            return .failure(ExecutionError(.processFailed, "nobody waited for the job of \(self.spool.directory)"))
        }
        let status = try ending.get()?.status
        let spool = spool
        let (result, words) = try await BlockingThreads.disk.run { () throws(ExecutionError) in
            let result = try spool.result()
            return (result, result == nil ? Self.lastWords(spool) : [])
        }
        return life.withLock { $0.processEnded(result: result, status: status, lastWords: words) }
    }

    /// How the attempt ended of a job that does not live any more and that nobody watched.
    package static func result(ofEnded spool: Spool) throws(ExecutionError) -> JobResult {
        let result = try spool.result()
        var life = JobLife()
        return life.processEnded(result: result, status: nil, lastWords: result == nil ? lastWords(spool) : [])
    }

    /// How the attempt ended of a job that was stopped before it had a process.
    package static func result(ofUnstarted stop: JobLife.Stop) -> JobResult {
        var life = JobLife()
        _ = life.stopWanted(stop)
        return life.processEnded(result: nil, status: nil, lastWords: [])
    }

    /// Brings the job to its end: TERM, again every second, KILL after the grace.
    private func stop(_ stop: JobLife.Stop) async throws(ExecutionError) {
        guard life.withLock({ $0.stopWanted(stop) }) == .ask else { return }
        let killTime = Deadline.in(Self.grace)
        do throws(ProcessError) {
            while !killTime.hasPassed {
                try process.ask()
                do throws(IOError) {
                    try await Poller.shared.sleep(until: min(killTime, .in(Self.askAgain)))
                } catch {
                    // Cancelled: the process has ended, or nobody waits for it any more.
                    return
                }
            }
            if life.withLock({ $0.graceOver() }) == .kill { try process.kill() }
        } catch {
            throw ExecutionError(error)
        }
    }

    /// The last lines that the job's process printed itself.
    private static func lastWords(_ spool: Spool) -> [String] {
        // Only for people, and only when there is nothing better: a log that cannot be read is as good as an empty one.
        guard let text = try? FileIO.readText(spool.logPath, limit: 1 << 20) else { return [] }
        return text.split(separator: "\n").suffix(40).map(String.init)
    }
}
