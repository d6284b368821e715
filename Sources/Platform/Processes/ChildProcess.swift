import CLinux
import Glibc
package import IO

/// A program that we started: its pidfd, and its end once it is known.
///
/// Letting go of it does not end the program; when it ends it is reaped all the same, so that no zombie is left.
package final class ChildProcess: Sendable {
    /// Its process id; that of its own process group too.
    package let pid: Int32
    let pidfd: Int32
    private let ending = Locked<Ending?>(nil)

    init(pid: Int32, pidfd: Int32) {
        self.pid = pid
        self.pidfd = pidfd
    }

    deinit {
        guard ending.withLock({ $0 }) == nil else { return Self.close(pidfd) }
        // A task of its own, because nobody waits for this program any more: it only keeps the process table clean.
        Task.detached { [pidfd] in
            // A wait that cannot be had leaves a zombie, which is what there would be without it.
            _ = try? await Poller.shared.wait(pidfd, .read, until: .never)
            var exit = linux_exit()
            _ = linux_take_exit(pidfd, &exit)
            Self.close(pidfd)
        }
    }

    private static func close(_ pidfd: Int32) {
        Poller.shared.forget(pidfd)
        Glibc.close(pidfd)
    }

    /// How it ended, or nil while it runs. Asking again gives the same answer.
    ///
    /// - Throws: `systemCallFailed` when somebody else reaped it.
    package func takeEnding() throws(ProcessError) -> Ending? {
        try ending.withLock { known throws(ProcessError) in
            if let known { return known }
            var exit = linux_exit()
            let error = linux_take_exit(pidfd, &exit)
            if error == EAGAIN { return nil }
            if error != 0 { throw .system("exit status of process \(pid)", error) }
            let now = Ending(exit)
            known = now
            return now
        }
    }

    /// Waits for the end. Cancelling the task ends the wait, never the process.
    ///
    /// - Throws: `deadlinePassed`, `cancelled`; the process lives on then.
    package func ended(until deadline: Deadline = .never) async throws(ProcessError) -> Ending {
        while true {
            if let ending = try takeEnding() { return ending }
            do {
                try await Poller.shared.wait(pidfd, .read, until: deadline)
            } catch {
                throw ProcessError(waiting: error, for: "the end of process \(pid)")
            }
        }
    }

    /// Sends a signal to the process. One that has ended already is no error.
    package func signal(_ number: Int32) throws(ProcessError) {
        let error = linux_pidfd_signal(pidfd, number)
        if error != 0 && error != ESRCH { throw .system("signal \(number) to process \(pid)", error) }
    }

    /// Sends a signal to the process group that it leads.
    ///
    /// Only before its end has been taken: until then the number belongs to it.
    package func signalGroup(_ number: Int32) throws(ProcessError) {
        if kill(-pid, number) != 0 && errno != ESRCH {
            throw .system("signal \(number) to process group \(pid)", errno)
        }
    }
}
