package import FactoryProtocol
import Glibc
import IO

/// The logs of all builds: `logs/<build>/events.ndjson`, each opened when it is first asked for.
package final class EventLogs: Sendable {
    private let folder: String
    private let open = Locked<[BuildID: BuildLog]>([:])

    /// Takes the folder `logs`, which exists.
    package init(folder: String) { self.folder = folder }

    /// A build's log; made when there is none.
    package func log(of build: BuildID) throws(EventsError) -> BuildLog {
        try open.withLock { (logs) throws(EventsError) in
            if let log = logs[build] { return log }
            let directory = folder + "/" + build.rawValue
            guard mkdir(directory, 0o750) == 0 || errno == EEXIST else { throw EventsError.system("mkdir", directory) }
            let log = try BuildLog(path: directory + "/events.ndjson")
            logs[build] = log
            return log
        }
    }

    /// Lets go of a build's log. Watchers that hold it read on.
    package func release(_ build: BuildID) { open.withLock { $0[build] = nil } }
}
