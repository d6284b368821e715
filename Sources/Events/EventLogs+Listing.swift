package import FactoryProtocol
import IO

/// What the logs know as a whole. Nothing here opens a log for writing, or keeps one open.
extension EventLogs {
    /// So many logs are read in one call of a thread.
    private static let batch = 64
    /// So many threads read at once.
    private static let readers = 8

    /// The builds that have a folder here, the oldest first. What has another name than a build's is left out.
    ///
    /// - Throws: ``EventsError``: io.
    package func builds() async throws(EventsError) -> [BuildID] {
        let folder = folder
        return try await BlockingThreads.logs.run { () throws(EventsError) in
            do throws(IOError) {
                return try Directory.textNames(folder).map { BuildID($0) }.filter(\.isWellFormed).sorted()
            } catch {
                throw EventsError(.io, error.message)
            }
        }
    }

    /// When the log of a build was changed last; nil when there is no folder of it.
    ///
    /// - Throws: ``EventsError``: io.
    package func lastChange(of build: BuildID) async throws(EventsError) -> Timestamp? {
        let (directory, file) = (folder + "/" + build.rawValue, file(of: build))
        return try await BlockingThreads.logs.run { () throws(EventsError) in
            do throws(IOError) {
                guard let about = try FileIO.status(directory), about.kind == .directory else { return nil }
                let modified = try FileIO.status(file)?.modified ?? about.modified
                return Timestamp(milliseconds: modified / 1_000_000)
            } catch {
                throw EventsError(.io, error.message)
            }
        }
    }

    /// Looks in every log for events of the farm with higher outbox numbers than `number`.
    ///
    /// - Throws: ``EventsError``: io, when the logs cannot be listed.
    package func ahead(of number: Int64) async throws(EventsError) -> LogsAhead {
        let builds = try await builds()
        let batches = stride(from: 0, to: builds.count, by: Self.batch).map { start in
            builds[start..<min(start + Self.batch, builds.count)]
        }
        return await withTaskGroup(of: LogsAhead.self) { group in
            var waiting = batches[...]
            func startNext() {
                guard let batch = waiting.popFirst() else { return }
                group.addTask { await BlockingThreads.logs.run { self.ahead(of: number, batch) } }
            }
            for _ in 0..<Self.readers { startNext() }
            var all = LogsAhead()
            for await some in group {
                all.numbers.merge(some.numbers) { first, _ in first }
                all.unreadable += some.unreadable
                startNext()
            }
            return all
        }
    }

    private func ahead(of number: Int64, _ builds: ArraySlice<BuildID>) -> LogsAhead {
        var found = LogsAhead()
        for build in builds {
            do throws(EventsError) {
                guard let file = try LogFile.existing(file(of: build)) else { continue }
                let last = try FarmLines.last(in: file)
                guard last <= LogsAhead.highest else {
                    throw EventsError(.io, "\(file.path): no outbox has given out the number \(last)")
                }
                if last > number { found.numbers[build] = last }
            } catch {
                found.unreadable.append((build, error))
            }
        }
        return found
    }

    /// The farm's own events in a log with their outbox numbers, in order, as far as the log can be read.
    ///
    /// - Throws: ``EventsError``: io.
    package func farmEvents(of build: BuildID) async throws(EventsError) -> [(id: Int64, event: Event)] {
        let path = file(of: build)
        return try await BlockingThreads.logs.run { () throws(EventsError) in
            guard let file = try LogFile.existing(path) else { return [] }
            return try FarmLines.all(in: file)
        }
    }

    private func file(of build: BuildID) -> String { folder + "/" + build.rawValue + "/events.ndjson" }
}

/// The logs that hold more than an outbox has given out.
package struct LogsAhead: Sendable {
    /// No outbox comes so far: a higher number is a damaged line, and numbers above it would run out.
    static let highest = Int64(1) << 60

    /// The outbox number of the last of the farm's own events in each.
    package var numbers: [BuildID: Int64] = [:]
    /// Logs of which that could not be found out.
    package var unreadable: [(build: BuildID, error: EventsError)] = []
}

extension BuildID {
    /// Whether it has the form of one: 26 digits of Crockford's base 32.
    fileprivate var isWellFormed: Bool {
        rawValue.utf8.count == 26 && rawValue.utf8.allSatisfy("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8.contains)
    }
}
