import CLinux
import Glibc
package import IO

/// A process that was started contained, by us or by an agent before us: one that can be asked to end, killed with
/// everything it started, and waited for.
package final class ContainedProcess: Sendable {
    /// The process to watch: the init of its PID namespace where it has one, so that its end is the end of all.
    package let pid: Int32
    /// What holds it together.
    package let isolation: Isolation
    private let pidfd: Int32
    private let child: ChildProcess?
    private let group: ControlGroup?

    init(child: ChildProcess, group: ControlGroup?, isolation: Isolation) {
        self.child = child
        self.group = group
        self.isolation = isolation
        pid = child.pid
        pidfd = child.pidfd
    }

    deinit {
        guard child == nil else { return }
        Poller.shared.forget(pidfd)
        close(pidfd)
    }

    /// Takes charge of a living process that is not our child.
    ///
    /// - Parameters:
    ///   - job: The process itself, as a lock it holds tells it.
    ///   - group: The control group it may have; one that is not there is left out.
    ///   - isAlive: Asked after the pidfd is open: whether the same process still holds the lock. This is what makes
    ///     sure that the number was not given to another process meanwhile.
    /// - Returns: nil when it ended meanwhile.
    /// - Throws: `systemCallFailed`, and what `isAlive` throws.
    package static func adopt(
        job: Int32, group: ControlGroup?, isAlive: () throws(ProcessError) -> Bool
    ) throws(ProcessError) -> ContainedProcess? {
        guard let facts = ProcessFacts(pid: job) else { return nil }
        let parent = ProcessFacts(pid: facts.parent)
        let first = parent.flatMap { $0.isNamespaceInit ? $0 : nil } ?? facts
        let pidfd = linux_pidfd_open(first.pid)
        if pidfd < 0 {
            if errno == ESRCH { return nil }
            throw .system("pidfd_open of process \(first.pid)", errno)
        }
        let process = ContainedProcess(adopted: first, pidfd: pidfd, group: group.flatMap { $0.isPopulated ? $0 : nil })
        // Still the same process behind that number, and still the parent of a living job?
        guard try isAlive(), ProcessFacts(pid: first.pid)?.startTime == first.startTime else { return nil }
        return process
    }

    private init(adopted first: ProcessFacts, pidfd: Int32, group: ControlGroup?) {
        child = nil
        self.group = group
        self.pidfd = pidfd
        pid = first.pid
        let processes: Isolation.Processes =
            first.isNamespaceInit ? .namespace : (group == nil ? .processGroup : .controlGroup)
        isolation = Isolation(processes: processes, hasControlGroup: group != nil)
    }

    /// Whether we started it; an adopted one's exit status cannot be had.
    package var isOurChild: Bool { child != nil }

    /// Sends TERM to its first process, which passes it on.
    package func ask() throws(ProcessError) {
        let error = linux_pidfd_signal(pidfd, SIGTERM)
        if error != 0 && error != ESRCH { throw .system("TERM to process \(pid)", error) }
    }

    /// Ends it and everything that it started.
    package func kill() throws(ProcessError) {
        var failure: ProcessError?
        do throws(ProcessError) { try group?.killAll() } catch { failure = error }
        // Without a namespace the group of processes is all there is to hit; it is led by the job, whose number is still
        // its own because its end is taken only in `ended`, or because the pidfd says that it lives.
        if !isolation.hasPrivateMounts && linux_pidfd_signal(pidfd, 0) == 0 { _ = Glibc.kill(-pid, SIGKILL) }
        let error = linux_pidfd_signal(pidfd, SIGKILL)
        if error != 0 && error != ESRCH { throw .system("KILL to process \(pid)", error) }
        // Told last, because what the group could not end the signals still can.
        if let failure { throw failure }
    }

    /// Waits until it and everything that its containment holds has ended, and tidies up. Cancelling the task ends the
    /// wait only.
    ///
    /// - Returns: How it ended; nil for an adopted process.
    /// - Throws: `deadlinePassed`, `cancelled`; it lives on then.
    package func ended(until deadline: Deadline = .never) async throws(ProcessError) -> Ending? {
        var ending: Ending?
        if let child {
            ending = try await child.ended(until: deadline)
        } else {
            do {
                try await Poller.shared.wait(pidfd, .read, until: deadline)
            } catch {
                throw ProcessError(waiting: error, for: "the end of process \(pid)")
            }
        }
        if let group {
            if !isolation.hasPrivateMounts { try group.killAll() }
            try await group.emptied(until: deadline)
            // How the job ended is known, and an empty group that stays is removed by the next `removeLeftovers`.
            try? group.remove()
        }
        return ending
    }
}
