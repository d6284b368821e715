package import FactoryProtocol

/// A watcher's place in a build's log: pulls events in order from a number on, without gaps, and waits at the end.
package struct EventStream: AsyncSequence, Sendable {
    private let log: BuildLog
    private let from: Int64
    private let follow: Bool

    /// Begins at event `from`. Ends after `buildEnded`; without `follow`, also at the end of what there is now.
    package init(_ log: BuildLog, from: Int64, follow: Bool = true) {
        self.log = log
        self.from = from
        self.follow = follow
    }

    package func makeAsyncIterator() -> Iterator { Iterator(log: log, next: Swift.max(from, 1), follow: follow) }

    package struct Iterator: AsyncIteratorProtocol {
        private let log: BuildLog
        /// The number of the next event.
        package private(set) var next: Int64
        private let follow: Bool
        private var batch: ArraySlice<Event> = []
        private var ended = false

        init(log: BuildLog, next: Int64, follow: Bool) {
            self.log = log
            self.next = next
            self.follow = follow
        }

        package mutating func next() async throws -> Event? {
            while batch.isEmpty {
                guard !ended else { return nil }
                try Task.checkCancellation()
                batch = try log.read(from: next)[...]
                if batch.isEmpty {
                    if log.recovered.ended, log.lastSeq < next { return nil }
                    guard follow else { return nil }
                    await log.wait(after: next - 1)
                }
            }
            let event = batch.removeFirst()
            next = event.seq + 1
            if case .buildEnded = event.kind { ended = true }
            return event
        }
    }
}
