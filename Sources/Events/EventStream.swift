package import FactoryProtocol

/// A watcher's place in a build's log: pulls events in order from a number on, without gaps, and waits at the end.
///
/// Of several `buildEnded` (a build that was tried again) only the last one is given: it is the one last event.
package struct EventStream: AsyncSequence, Sendable {
    private let log: BuildLog
    private let from: Int64
    private let follow: Bool

    /// Begins at event `from`. Ends after the last `buildEnded`; without `follow`, also at the end of what there is now.
    package init(_ log: BuildLog, from: Int64, follow: Bool = true) {
        self.log = log
        self.from = from
        self.follow = follow
    }

    package func makeAsyncIterator() -> Iterator { Iterator(log: log, next: Swift.max(from, 1), follow: follow) }

    /// The place itself.
    package struct Iterator: AsyncIteratorProtocol {
        private let log: BuildLog
        /// The number of the next event.
        package private(set) var next: Int64
        /// Whether it has waited at the end of the log: from then on it watches live.
        package private(set) var hasCaughtUp = false
        private let follow: Bool
        private var batch: ArraySlice<Event> = []

        init(log: BuildLog, next: Int64, follow: Bool) {
            self.log = log
            self.next = next
            self.follow = follow
        }

        /// How many events the log has that were not given yet.
        package var behind: Int64 { log.lastSeq - next + 1 }

        /// The next event; waits for one, unless the build has ended. Nil at the end.
        package mutating func next() async throws -> Event? {
            while true {
                try Task.checkCancellation()
                if batch.isEmpty { batch = try log.read(from: next)[...] }
                guard let event = batch.popFirst() else {
                    guard follow, !log.hasEnded else { return nil }
                    hasCaughtUp = true
                    await log.wait(after: next - 1)
                    continue
                }
                next = event.seq + 1
                if case .buildEnded = event.kind, event.seq < log.lastSeq { continue }
                return event
            }
        }
    }
}
