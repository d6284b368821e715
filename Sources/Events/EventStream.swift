package import IO

/// A watcher's place in a build's log: pulls events in order from a number on, without gaps, and waits at the end.
///
/// A build that was tried again has several `buildEnded`; all are given, for a watcher counts on numbers without gaps. Only
/// one that nothing follows is the build's end.
package struct EventStream: AsyncSequence, Sendable {
    private let log: BuildLog
    private let from: Int64
    private let follow: Bool
    private let threads: BlockingThreads

    /// Begins at event `from`. Ends after a `buildEnded` that nothing follows; without `follow`, also at the end of what there is now.
    /// `threads` read the file.
    package init(_ log: BuildLog, from: Int64, follow: Bool = true, threads: BlockingThreads = .logs) {
        self.threads = threads
        self.log = log
        self.from = from
        self.follow = follow
    }

    package func makeAsyncIterator() -> Iterator {
        Iterator(log: log, next: Swift.max(from, 1), follow: follow, threads: threads)
    }

    /// The place itself.
    package struct Iterator: AsyncIteratorProtocol {
        private let log: BuildLog
        /// The number of the next event.
        package private(set) var next: Int64
        /// Whether it has waited at the end of the log: from then on it watches live.
        package private(set) var hasCaughtUp = false
        private let follow: Bool
        private let threads: BlockingThreads
        private var batch: ArraySlice<LoggedEvent> = []

        init(log: BuildLog, next: Int64, follow: Bool, threads: BlockingThreads) {
            self.threads = threads
            self.log = log
            self.next = next
            self.follow = follow
        }

        /// How many events the log has that were not given yet.
        package var behind: Int64 { log.lastSeq - next + 1 }

        /// The next event; waits for one, unless the build has ended. Nil at the end.
        package mutating func next() async throws -> LoggedEvent? {
            while true {
                try Task.checkCancellation()
                if batch.isEmpty {
                    batch = try await threads.run { [log, next] in try log.read(from: next) }[...]
                }
                guard let event = batch.popFirst() else {
                    // What came between the reading and this question is read first: it may be the end itself.
                    guard follow, !log.hasEnded(before: next) else { return nil }
                    hasCaughtUp = true
                    await log.wait(after: next - 1)
                    continue
                }
                next = event.seq + 1
                return event
            }
        }
    }
}
