package import FactoryProtocol
package import IO
import JSON

/// The events of one build, in one append-only file that is their order: line n holds event n.
///
/// Watchers read from the file, each at its own pace, so a slow one costs nothing and never slows the build. What was
/// appended survives the daemon at once (the page cache is the kernel's) and a power cut after ``sync()``.
package final class BuildLog: Sendable {
    /// How much one read takes from the file, in bytes.
    private static let chunk = 64 * 1024

    /// How much an attempt may write into the log, in bytes; steps, warnings and results are always kept.
    package static let standardMost: Int64 = 128 << 20

    /// How much a log grows before an index of it is written again, in bytes. So much is read when it is opened.
    package static let standardGrowth: Int64 = 8 << 20
    /// The same for a build that has ended. Less than that is read as fast as an index of it is written.
    private static let growthOfEnded: Int64 = 64 << 10

    private let file: LogFile
    /// The path of the index beside the log.
    private let index: String
    private let mostBytes: Int64
    private let growth: Int64
    private let threads: BlockingThreads
    private let state: Locked<State>
    /// Appends are made one at a time: what is stored already, the numbers and the place of the lines are decided and
    /// written before the next append looks at them.
    private let turn = Turn()

    private struct State {
        var contents: LogContents
        /// Up to where an index was written, or could not be.
        var indexed: Int64
        /// The last spool number of an attempt that was dropped, where that is beyond what is stored.
        var dropped: [LogContents.Attempt: Int64] = [:]
        /// What was set aside when the log was opened, until somebody has seen to it.
        var damage: LogDamage?
        /// Why the disk could not take the log for an index. The kernel says that once, so it is kept for who asks.
        var failure: EventsError?
        var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
        var nextWaiter = 0

        /// The last spool number of an attempt that is stored or dropped; 0 for none.
        func through(_ attempt: LogContents.Attempt) -> Int64 {
            max(contents.attempts[attempt]?.through ?? 0, dropped[attempt] ?? 0)
        }
    }

    /// Numbered events that are to be written, and their lines.
    private struct Batch: Sendable {
        private(set) var events: [(stored: StoredEvent, length: Int64)] = []
        private(set) var bytes: [UInt8] = []

        mutating func add(_ stored: StoredEvent) throws {
            let line = try stored.line()
            bytes += line
            events.append((stored, Int64(line.count)))
        }
    }

    /// Opens a build's log; a line that a crash left half written is cut off. From a line in the middle that is no event
    /// on (as a power cut leaves them) everything is set aside beside the log, and ``damage`` says so.
    ///
    /// Blocks while it reads what the index beside the log does not cover: all of a log that has none. Appends are
    /// written on `threads`.
    ///
    /// - Throws: ``EventsError`` with `io` or `disk-full`.
    package init(
        path: String, mostBytesOfAttempt: Int64 = standardMost, growth: Int64 = standardGrowth,
        threads: BlockingThreads = .logs
    ) throws(EventsError) {
        file = try LogFile(path: path)
        mostBytes = mostBytesOfAttempt
        self.growth = growth
        self.threads = threads
        index = (path.hasSuffix(".ndjson") ? String(path.dropLast(7)) : path) + ".index"
        var contents = LogContents()
        if let known = LogIndex.contents(of: file, at: index) {
            contents = known
        } else {
            Self.remove(index)
        }
        let indexed = contents.end
        let damage = try Self.scan(file, from: &contents)
        state = Locked(State(contents: contents, indexed: indexed, damage: damage))
        if let grown = grown() { writeIndex(grown) }
    }

    /// Reads the lines behind what is known, and cuts off what is no event.
    private static func scan(_ file: LogFile, from contents: inout LogContents) throws(EventsError) -> LogDamage? {
        let size = try file.size
        var damage: LogDamage?
        var lines = LineReader(file: file, offset: contents.end)
        while let line = try lines.next() {
            let stored: StoredEvent
            do {
                stored = try StrictJSON.decode(StoredEvent.self, from: line.bytes)
            } catch {
                guard lines.offset < size else { break }  // a torn last line
                damage = try setAside(file, from: line.offset, size, "byte \(line.offset): \(error)")
                break
            }
            guard stored.event.seq == contents.lastSeq + 1 else {
                let reason = "byte \(line.offset): event \(stored.event.seq) after \(contents.lastSeq)"
                damage = try setAside(file, from: line.offset, size, reason)
                break
            }
            contents.note(stored, length: lines.offset - line.offset)
        }
        if contents.end < size { try file.truncate(to: contents.end) }
        return damage
    }

    /// Copies the end of the log to a file of its own and puts it on the disk, before it is cut off.
    private static func setAside(
        _ file: LogFile, from start: Int64, _ size: Int64, _ reason: String
    ) throws(EventsError) -> LogDamage {
        let aside = try LogFile.aside(file.path)
        var place = start
        while place < size {
            let bytes = try file.read(Int(min(Int64(chunk), size - place)), at: place)
            guard !bytes.isEmpty else { break }
            try aside.write(bytes, at: place - start)
            place += Int64(bytes.count)
        }
        try aside.sync()
        return LogDamage(setAside: aside.path, reason: reason)
    }

    /// What the log says now.
    var contents: LogContents { state.withLock { $0.contents } }

    /// What of the log was unreadable when it was opened; nil when nothing was, or ``mended()`` was said.
    package var damage: LogDamage? { state.withLock { $0.damage } }

    /// What the damage took is on its way again.
    package func mended() { state.withLock { $0.damage = nil } }

    /// The number of the last event; 0 when there is none.
    package var lastSeq: Int64 { state.withLock { $0.contents.lastSeq } }

    /// Whether the last event is the build's end: nothing follows, unless the build is tried again.
    package var hasEnded: Bool { state.withLock { $0.contents.hasEnded } }

    /// Whether the build has ended and its log holds nothing from number `seq` on.
    package func hasEnded(before seq: Int64) -> Bool {
        state.withLock { $0.contents.hasEnded && $0.contents.lastSeq < seq }
    }

    /// The outbox number of the last of the farm's own events that is stored; 0 for none.
    package var lastFarmEvent: Int64 { state.withLock { $0.contents.lastFarmEvent } }

    /// The last spool number of an attempt that is stored; 0 for none.
    package func through(job: JobID, attempt: Int) -> Int64 {
        state.withLock { $0.through(LogContents.Attempt(job: job, number: attempt)) }
    }

    /// The highest number of an attempt that each job has events of.
    package var lastAttempts: [JobID: Int] {
        state.withLock { state in
            state.contents.attempts.keys.reduce(into: [:]) { $0[$1.job] = max($0[$1.job] ?? 0, $1.number) }
        }
    }

    /// Adds what the farm itself says, in the order of its outbox. Events that are stored already are dropped, so that
    /// an outbox may be emptied twice, by two tasks or after a crash.
    ///
    /// - Returns: the outbox number of the last event that is stored now.
    /// - Throws: ``EventsError``: no room, or the disk failed; nothing of the batch counts as stored then.
    @discardableResult
    package func append(farm events: [(id: Int64, event: Event)]) async throws -> Int64 {
        await turn.take()
        defer { turn.pass() }
        let (lastSeq, lastFarmEvent) = state.withLock { ($0.contents.lastSeq, $0.contents.lastFarmEvent) }
        var batch = Batch()
        for farm in events where farm.id > lastFarmEvent {
            var event = farm.event
            event.seq = lastSeq + 1 + Int64(batch.events.count)
            try batch.add(StoredEvent(event: event, spoolSeq: nil, farmSeq: farm.id))
        }
        try await store(batch)
        return batch.events.last?.stored.farmSeq ?? lastFarmEvent
    }

    /// Adds a job's events, numbered by its spool. Those already stored are dropped, so a resent batch does no harm. Lines
    /// and progress beyond what an attempt may write are dropped too; a warning stands in the place of the first.
    ///
    /// - Returns: the last spool number that is stored now, or dropped.
    /// - Throws: ``EventsError`` with `gap` when numbers are missing between.
    package func append(_ events: [Event], job: JobID, attempt: Int) async throws -> Int64 {
        let through = try await store(events, LogContents.Attempt(job: job, number: attempt))
        // Not in the turn of the append: others go on while the disk takes what there is.
        if let grown = grown() { await OwnThread.run("event-index") { self.writeIndex(grown) } }
        return through
    }

    private func store(_ events: [Event], _ key: LogContents.Attempt) async throws -> Int64 {
        await turn.take()
        defer { turn.pass() }
        let (lastSeq, stored, told) = state.withLock { state in
            (state.contents.lastSeq, state.through(key), state.contents.attempts[key] ?? LogContents.Told())
        }
        var (next, isCapped) = (stored, told.isCapped)
        var batch = Batch()
        for event in events where event.seq > next {
            next += 1
            guard event.seq == next else {
                throw EventsError(.gap, "\(key.job) attempt \(key.number): event \(event.seq) came after \(next - 1)")
            }
            var kind = event.kind
            if told.bytes + Int64(batch.bytes.count) >= mostBytes, kind.mayBeDropped {
                guard !isCapped else { continue }
                isCapped = true
                kind = .warning(BuildLog.cap(mostBytes))
            }
            let numbered = Event(
                seq: lastSeq + 1 + Int64(batch.events.count), at: event.at, job: key.job, attempt: key.number,
                kind: kind)
            try batch.add(StoredEvent(event: numbered, spoolSeq: event.seq, farmSeq: nil))
        }
        try await store(batch)
        if next > batch.events.last?.stored.spoolSeq ?? stored { state.withLock { $0.dropped[key] = next } }
        return next
    }

    /// What stands in the log where an attempt has written too much.
    private static func cap(_ bytes: Int64) -> Warning {
        Warning(
            code: Warning.logCapped,
            message: "this attempt has written \(bytes >> 20) MiB of log: further lines are not kept")
    }

    /// Writes a batch where the log ends and wakes who waits for it; in the turn of the append.
    private func store(_ batch: Batch) async throws(EventsError) {
        guard !batch.events.isEmpty else { return }
        let end = state.withLock { $0.contents.end }
        try await threads.run { [file] () throws(EventsError) in try file.write(batch.bytes, at: end) }
        let woken = state.withLock { state in
            for (stored, length) in batch.events { state.contents.note(stored, length: length) }
            defer { state.waiters = [:] }
            return Array(state.waiters.values)
        }
        for waiter in woken { waiter.resume() }
    }

    /// Puts everything on the disk, and writes the index of a build that has ended. Blocks; called on a thread that may.
    package func sync() throws(EventsError) {
        let (failure, contents) = state.withLock { ($0.failure, $0.contents) }
        if let failure { throw failure }
        do throws(EventsError) {
            try file.sync()
        } catch {
            // The kernel tells once that it lost what was written: a second try would only seem to work.
            if error.code == .io { state.withLock { $0.failure = error } }
            throw error
        }
        if contents.hasEnded, let grown = grown() { writeIndex(grown) }
    }

    /// What the log says, when so much was added that another index is due; nil else. Given once, so that one task
    /// writes it.
    private func grown() -> LogContents? {
        state.withLock { state in
            let least = state.contents.hasEnded ? Self.growthOfEnded : growth
            guard state.contents.end - state.indexed >= least else { return nil }
            state.indexed = state.contents.end
            return state.contents
        }
    }

    /// Writes the index of what the log says up to a place, once that is on the disk. Blocks.
    private func writeIndex(_ contents: LogContents) {
        do throws(EventsError) {
            try file.sync()
        } catch {
            if error.code == .io { state.withLock { $0.failure = error } }
            return
        }
        // A log without an index is read whole, so that one cannot be written (a full disk) fails nothing.
        guard let bytes = try? LogIndex(contents, of: file)?.bytes() else { return }
        try? AtomicFile.write(bytes, to: index, mode: 0o640)
    }

    /// Removes an index that says something wrong.
    private static func remove(_ index: String) {
        // One that stays is found to be wrong the next time too.
        try? FileIO.removeFile(index)
    }

    /// Events from number `from` on, as many as one chunk holds; empty when there are none yet.
    ///
    /// - Throws: when a line is not the event that it should be. The log is read whole when it is opened again, and what
    ///   is unreadable is set aside.
    package func read(from: Int64) throws -> [LoggedEvent] {
        let from = max(from, 1)
        let slot = (from - 1) / LogContents.stride
        let (start, end, lastSeq) = state.withLock { state in
            let contents = state.contents
            return (contents.offset(of: slot), contents.end, contents.lastSeq)
        }
        guard from <= lastSeq, let start else { return [] }
        var lines = LineReader(file: file, offset: start, end: end)
        // The first event of the slot; those before the first one wanted are skipped.
        var next = slot * LogContents.stride + 1
        var events: [LoggedEvent] = []
        var bytes = 0
        while bytes < Self.chunk, next <= lastSeq {
            let offset = lines.offset
            guard let line = try lines.next(), let event = Self.event(next, in: line.bytes) else {
                Self.remove(index)
                throw EventsError(.io, "\(file.path), byte \(offset): event \(next) cannot be read")
            }
            next += 1
            guard event.seq >= from else { continue }
            events.append(event)
            bytes += line.bytes.count
        }
        return events
    }

    /// The event of a line; nil when that is not the event of this number.
    private static func event(_ seq: Int64, in line: [UInt8]) -> LoggedEvent? {
        // What is wrong with a line is said when the log is opened and the line is set aside.
        guard let event = try? LoggedEvent(line: line), event.seq == seq else { return nil }
        return event
    }

    /// Waits until there is an event after number `seq`; returns at once when there is one, or on cancellation.
    package func wait(after seq: Int64) async {
        let slot = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let waits = state.withLock { state in
                    guard state.contents.lastSeq <= seq, !Task.isCancelled else { return false }
                    state.waiters[slot] = continuation
                    return true
                }
                if !waits { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: slot) }?.resume()
        }
    }
}
