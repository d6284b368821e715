import Dispatch
package import FactoryProtocol
import IO

/// The logs of all builds: `logs/<build>/events.ndjson` and its index, each opened when it is first asked for.
package final class EventLogs: Sendable {
    /// Logs kept open; beyond that, those of ended builds are let go of. They got their index when they ended or were
    /// opened.
    private let limit: Int
    let folder: String
    private let open = Locked<[BuildID: BuildLog]>([:])
    /// What opens and removes the log of each build that is being opened or removed now. A log must never be opened
    /// twice at once, because opening cuts off a line that is half written.
    private let lanes = Locked<[BuildID: Lane]>([:])
    /// Where the lanes run. Opening may read the whole log, which takes a while and must not delay another build.
    private let threads = DispatchQueue(label: "event-logs", attributes: .concurrent)

    /// One build's opening and removing, one at a time.
    private struct Lane {
        let queue: DispatchQueue
        var users: Int
    }

    /// Takes the folder `logs`, which exists.
    package init(folder: String, limit: Int = 200) { (self.folder, self.limit) = (folder, limit) }

    /// A build's log; made when there is none.
    ///
    /// - Throws: ``EventsError``: io, no room.
    package func log(of build: BuildID) async throws(EventsError) -> BuildLog {
        while true {
            if let log = open.withLock({ $0[build] }) { return log }
            // Only whether it worked comes back; the log itself is then found under the lock, like everybody finds it.
            try await alone(with: build) { () throws(EventsError) in try self.open(build) }
        }
    }

    /// A build's log when it is open.
    package func openLog(of build: BuildID) -> BuildLog? { open.withLock { $0[build] } }

    /// A build's log; nil when there is none.
    ///
    /// - Throws: ``EventsError``: io, no room.
    package func existingLog(of build: BuildID) async throws(EventsError) -> BuildLog? {
        if let log = open.withLock({ $0[build] }) { return log }
        let found = Locked<BuildLog?>(nil)
        try await alone(with: build) { () throws(EventsError) in
            do throws(IOError) {
                guard try FileIO.status(self.folder + "/" + build.rawValue) != nil else { return }
            } catch {
                throw EventsError(.io, error.message)
            }
            try self.open(build)
            found.withLock { found in found = self.open.withLock { $0[build] } }
        }
        return found.withLock { $0 }
    }

    /// Removes the log of a build that is forgotten. Who still reads it reads on.
    ///
    /// - Throws: ``EventsError``: io.
    package func remove(_ build: BuildID) async throws(EventsError) {
        try await alone(with: build) { () throws(EventsError) in
            self.open.withLock { _ = $0.removeValue(forKey: build) }
            do throws(IOError) {
                let directory = self.folder + "/" + build.rawValue
                if try FileIO.status(directory) != nil { try Directory.remove(directory) }
            } catch {
                throw EventsError(.io, error.message)
            }
        }
    }

    /// Runs what blocks on a thread that may, while nothing else opens or removes the log of this build.
    private func alone(
        with build: BuildID, _ body: @escaping @Sendable () throws(EventsError) -> Void
    ) async throws(EventsError) {
        let queue = lanes.withLock { lanes in
            var lane = lanes[build] ?? Lane(queue: DispatchQueue(label: "event-log", target: threads), users: 0)
            lane.users += 1
            lanes[build] = lane
            return lane.queue
        }
        defer {
            lanes.withLock { lanes in
                guard var lane = lanes.removeValue(forKey: build), lane.users > 1 else { return }
                lane.users -= 1
                lanes[build] = lane
            }
        }
        let result: Result<Void, EventsError> = await withCheckedContinuation { continuation in
            queue.async {
                do throws(EventsError) {
                    continuation.resume(returning: .success(try body()))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        try result.get()
    }

    /// Opens a log that is not open yet; in the build's lane.
    private func open(_ build: BuildID) throws(EventsError) {
        guard open.withLock({ $0[build] }) == nil else { return }
        let directory = folder + "/" + build.rawValue
        do throws(IOError) {
            try Directory.make(directory, mode: 0o750)
        } catch {
            throw EventsError(error.code == .noSpace ? .diskFull : .io, error.message)
        }
        let log = try BuildLog(path: directory + "/events.ndjson")
        open.withLock { logs in
            if logs.count >= limit {
                for old in Array(logs.keys) {
                    guard var candidate = logs.removeValue(forKey: old) else { continue }
                    // When nobody else holds it, nobody can be in the middle of an append.
                    let isFree = candidate.hasEnded && isKnownUniquelyReferenced(&candidate)
                    if !isFree { logs[old] = candidate }
                }
            }
            logs[build] = log
        }
    }
}
