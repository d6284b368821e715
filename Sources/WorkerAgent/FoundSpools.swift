import FactoryExecution
import IO
import Processes
import Systemd

/// What an agent finds in its spools when it starts.
struct FoundSpools: Sendable {
    /// The jobs that an earlier agent accepted, living or not.
    private(set) var jobs: [WorkerJob] = []
    /// Spools that nobody waits for: without the server's words a job was never accepted, and some were being removed.
    private(set) var unwanted: [Spool] = []
    /// Spools that cannot be looked at now. They are left as they are, with what may run there: the next start looks
    /// again.
    private(set) var unreadable: [Spool] = []

    /// Looks at every spool. Blocks.
    ///
    /// - Throws: `spoolFailed` when the directory of the spools itself cannot be read.
    static func look(_ parts: AgentParts) throws(ExecutionError) -> FoundSpools {
        var found = FoundSpools()
        found.unwanted = try Spool.halfRemoved(in: parts.settings.spools)
        for spool in try Spool.all(in: parts.settings.spools) {
            do throws(ExecutionError) {
                found.jobs.append(WorkerJob(try Assignment(in: spool), spool, parts))
            } catch {
                switch error.code {
                case .noSpool, .badSpool:
                    parts.log.write(
                        .warning, "A spool that cannot be used is removed.",
                        ["spool": spool.directory, "why": error.message])
                    found.unwanted.append(spool)
                default:
                    parts.log.write(
                        .error, "A spool cannot be read; it is left as it is.",
                        ["spool": spool.directory, "why": error.message])
                    found.unreadable.append(spool)
                }
            }
        }
        return found
    }

    /// Ends what may still run in a spool that nobody wants, and removes it.
    static func discard(_ spool: Spool, _ parts: AgentParts) async {
        do throws(ExecutionError) {
            let lock = try await JobProcess.end(spool, in: parts.containment)
            try await OwnThread.run("remove") { () throws(ExecutionError) in try spool.remove() }
            withExtendedLifetime(lock) {}
        } catch {
            // The agent ends: the next one begins anew.
            if Task.isCancelled { return }
            parts.log.write(
                .error, "A spool could not be removed.", ["spool": spool.directory, "why": error.message])
        }
    }
}
