package import FactoryProtocol
package import IO
import JSON

/// The events of one build, in one append-only file that is their order: line n holds event n.
///
/// Watchers read from the file, each at its own pace, so a slow one costs nothing and never slows the build. What was
/// appended survives the daemon at once (the page cache is the kernel's) and a power cut after ``sync()``.
package final class BuildLog: Sendable {
    /// A position is kept for every so many events; reading from one in between skips lines.
    private static let stride: Int64 = 128
    /// How much one read takes from the file, in bytes.
    private static let chunk = 64 * 1024

    /// How much an attempt may write into the log, in bytes; steps, warnings and results are always kept.
    package static let standardMost: Int64 = 128 << 20

    private let file: LogFile
    private let mostBytes: Int64
    private let threads: BlockingThreads
    private let state: Locked<State>
    /// Appends are made one at a time: what is stored already, the numbers and the place of the lines are decided and
    /// written before the next append looks at them.
    private let turn = Turn()

    struct State {
        /// Where the next line goes.
        var end: Int64 = 0
        var lastSeq: Int64 = 0
        /// Offsets of events 1, 1 + stride, …
        var index: [Int64] = []
        /// The last spool number stored, by attempt.
        var through: [Attempt: Int64] = [:]
        /// How much of the log each attempt wrote, in bytes.
        var bytes: [Attempt: Int64] = [:]
        /// Attempts that wrote more than they may.
        var capped: Set<Attempt> = []
        /// The outbox number of the last of the farm's own events that is stored.
        var lastFarmEvent: Int64 = 0
        /// What was set aside when the log was opened, until somebody has seen to it.
        var damage: LogDamage?
        /// Whether the last event is the build's end. A build that is tried again goes on after it.
        var hasEnded = false
        var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
        var nextWaiter = 0
    }

    struct Attempt: Hashable {
        let job: JobID
        let number: Int
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
    /// Blocks while it reads the file. Appends are written on `threads`.
    ///
    /// - Throws: ``EventsError`` with `io` or `disk-full`.
    package init(
        path: String, mostBytesOfAttempt: Int64 = standardMost, threads: BlockingThreads = .disk
    ) throws(EventsError) {
        file = try LogFile(path: path)
        mostBytes = mostBytesOfAttempt
        self.threads = threads
        state = Locked(try Self.scan(file))
    }

    private static func scan(_ file: LogFile) throws(EventsError) -> sending State {
        var state = State()
        let size = try file.size
        var lines = LineReader(file: file, offset: 0)
        while let line = try lines.next() {
            let stored: StoredEvent
            do {
                stored = try StrictJSON.decode(StoredEvent.self, from: line.bytes)
            } catch {
                guard lines.offset < size else { break }  // a torn last line
                state.damage = try setAside(file, from: line.offset, size, "byte \(line.offset): \(error)")
                break
            }
            guard stored.event.seq == state.lastSeq + 1 else {
                let reason = "byte \(line.offset): event \(stored.event.seq) after \(state.lastSeq)"
                state.damage = try setAside(file, from: line.offset, size, reason)
                break
            }
            state.note(stored, at: line.offset, length: lines.offset - line.offset)
            state.end = lines.offset
        }
        if state.end < size { try file.truncate(to: state.end) }
        return state
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

    /// What of the log was unreadable when it was opened; nil when nothing was, or ``mended()`` was said.
    package var damage: LogDamage? { state.withLock { $0.damage } }

    /// What the damage took is on its way again.
    package func mended() { state.withLock { $0.damage = nil } }

    /// The number of the last event; 0 when there is none.
    package var lastSeq: Int64 { state.withLock { $0.lastSeq } }

    /// Whether the last event is the build's end: nothing follows, unless the build is tried again.
    package var hasEnded: Bool { state.withLock { $0.hasEnded } }

    /// Whether the build has ended and its log holds nothing from number `seq` on.
    package func hasEnded(before seq: Int64) -> Bool { state.withLock { $0.hasEnded && $0.lastSeq < seq } }

    /// The outbox number of the last of the farm's own events that is stored; 0 for none.
    package var lastFarmEvent: Int64 { state.withLock { $0.lastFarmEvent } }

    /// The last spool number of an attempt that is stored; 0 for none.
    package func through(job: JobID, attempt: Int) -> Int64 {
        state.withLock { $0.through[Attempt(job: job, number: attempt)] ?? 0 }
    }

    /// The highest number of an attempt that each job has events of.
    package var lastAttempts: [JobID: Int] {
        state.withLock { state in
            state.through.keys.reduce(into: [:]) { $0[$1.job] = max($0[$1.job] ?? 0, $1.number) }
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
        let (lastSeq, lastFarmEvent) = state.withLock { ($0.lastSeq, $0.lastFarmEvent) }
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
        await turn.take()
        defer { turn.pass() }
        let key = Attempt(job: job, number: attempt)
        let (lastSeq, stored, wasCapped, bytes) = state.withLock { state in
            (state.lastSeq, state.through[key] ?? 0, state.capped.contains(key), state.bytes[key] ?? 0)
        }
        var (next, isCapped) = (stored, wasCapped)
        var batch = Batch()
        for event in events where event.seq > next {
            next += 1
            guard event.seq == next else {
                throw EventsError(.gap, "\(job) attempt \(attempt): event \(event.seq) came after \(next - 1)")
            }
            var kind = event.kind
            if bytes + Int64(batch.bytes.count) >= mostBytes, kind.mayBeDropped {
                guard !isCapped else { continue }
                isCapped = true
                kind = .warning(BuildLog.cap(mostBytes))
            }
            let numbered = Event(
                seq: lastSeq + 1 + Int64(batch.events.count), at: event.at, job: job, attempt: attempt, kind: kind)
            try batch.add(StoredEvent(event: numbered, spoolSeq: event.seq, farmSeq: nil))
        }
        try await store(batch)
        // Also past what was dropped at the end.
        state.withLock { $0.through[key] = next }
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
        let end = state.withLock { $0.end }
        try await threads.run { [file] () throws(EventsError) in try file.write(batch.bytes, at: end) }
        let woken = state.withLock { state in
            for (stored, length) in batch.events {
                state.note(stored, at: state.end, length: length)
                state.end += length
            }
            defer { state.waiters = [:] }
            return Array(state.waiters.values)
        }
        for waiter in woken { waiter.resume() }
    }

    /// Puts everything on the disk. Blocks; called on a thread that may.
    package func sync() throws(EventsError) { try file.sync() }

    /// Events from number `from` on, as many as one chunk holds; empty when there are none yet.
    package func read(from: Int64) throws -> [Event] {
        let (start, end, lastSeq) = state.withLock { state in
            let slot = Int((max(from, 1) - 1) / Self.stride)
            return (slot < state.index.count ? state.index[slot] : state.end, state.end, state.lastSeq)
        }
        guard from <= lastSeq else { return [] }
        var lines = LineReader(file: file, offset: start, end: end)
        var events: [Event] = []
        var bytes = 0
        while bytes < Self.chunk, let line = try lines.next() {
            let event = try StrictJSON.decode(StoredEvent.self, from: line.bytes).event
            guard event.seq >= from else { continue }
            events.append(event)
            bytes += line.bytes.count
        }
        return events
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
                    guard state.lastSeq <= seq, !Task.isCancelled else { return false }
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

extension BuildLog.State {
    /// Keeps what a stored event says.
    mutating func note(_ stored: StoredEvent, at offset: Int64, length: Int64) {
        let event = stored.event
        lastSeq = event.seq
        if (event.seq - 1) % 128 == 0 { index.append(offset) }
        if let job = event.job, let attempt = event.attempt, let seq = stored.spoolSeq {
            let key = BuildLog.Attempt(job: job, number: attempt)
            through[key] = seq
            bytes[key, default: 0] += length
            if case .warning(let warning) = event.kind, warning.code == Warning.logCapped { capped.insert(key) }
        }
        if let id = stored.farmSeq { lastFarmEvent = max(lastFarmEvent, id) }
        if case .buildEnded = event.kind { hasEnded = true } else { hasEnded = false }
    }
}
