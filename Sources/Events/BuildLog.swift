package import FactoryProtocol
import IO
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

    private let file: LogFile
    private let state: Locked<State>

    struct State {
        /// Where the next line goes.
        var end: Int64 = 0
        var lastSeq: Int64 = 0
        /// Offsets of events 1, 1 + stride, …
        var index: [Int64] = []
        /// The last spool number stored, by attempt.
        var through: [Attempt: Int64] = [:]
        /// The outbox number of the last of the farm's own events that is stored.
        var lastFarmEvent: Int64 = 0
        /// Whether the last event is the build's end. A build that is tried again goes on after it.
        var hasEnded = false
        var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
        var nextWaiter = 0
    }

    struct Attempt: Hashable {
        let job: JobID
        let number: Int
    }

    /// Opens a build's log; a line that a crash left half written is cut off.
    ///
    /// - Throws: ``EventsError`` with `io` or `corrupt`.
    package init(path: String) throws(EventsError) {
        file = try LogFile(path: path)
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
                throw EventsError(.corrupt, "\(file.path), byte \(line.offset): \(error)")
            }
            guard stored.event.seq == state.lastSeq + 1 else {
                throw EventsError(
                    .corrupt, "\(file.path), byte \(line.offset): event \(stored.event.seq) after \(state.lastSeq)")
            }
            state.note(stored, at: line.offset)
            state.end = lines.offset
        }
        if state.end < size { try file.truncate(to: state.end) }
        return state
    }

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

    /// Adds what the farm itself says, in the order of its outbox. Events that are stored already are dropped, so that
    /// an outbox may be emptied twice, by two tasks or after a crash.
    ///
    /// - Returns: the outbox number of the last event that is stored now.
    /// - Throws: ``EventsError``: no room, or the disk failed; nothing of the batch counts as stored then.
    @discardableResult
    package func append(farm events: [(id: Int64, event: Event)]) throws -> Int64 {
        let (last, woken) = try state.withLock { state in
            let fresh = events.filter { $0.id > state.lastFarmEvent }
            let stored = fresh.enumerated().map { place, farm in
                var event = farm.event
                event.seq = state.lastSeq + 1 + Int64(place)
                return StoredEvent(event: event, spoolSeq: nil, farmSeq: farm.id)
            }
            let woken = try store(stored, in: &state)
            return (state.lastFarmEvent, woken)
        }
        for waiter in woken { waiter.resume() }
        return last
    }

    /// Adds a job's events, numbered by its spool. Those already stored are dropped, so a resent batch does no harm.
    ///
    /// - Returns: the last spool number that is stored now.
    /// - Throws: ``EventsError`` with `gap` when numbers are missing between.
    package func append(_ events: [Event], job: JobID, attempt: Int) throws -> Int64 {
        let key = Attempt(job: job, number: attempt)
        let (through, woken) = try state.withLock { state in
            let before = state.through[key] ?? 0
            let fresh = events.filter { $0.seq > before }
            var next = before
            let stored = try fresh.map { event in
                next += 1
                guard event.seq == next else {
                    throw EventsError(.gap, "\(job) attempt \(attempt): event \(event.seq) came after \(next - 1)")
                }
                return StoredEvent(
                    event: Event(
                        seq: state.lastSeq + (next - before), at: event.at, job: job, attempt: attempt,
                        kind: event.kind),
                    spoolSeq: event.seq, farmSeq: nil)
            }
            return (next, try store(stored, in: &state))
        }
        for waiter in woken { waiter.resume() }
        return through
    }

    /// Writes a batch under the lock and returns whom to wake.
    private func store(_ batch: [StoredEvent], in state: inout State) throws -> [CheckedContinuation<Void, Never>] {
        var bytes: [UInt8] = []
        var offsets: [Int64] = []
        for stored in batch {
            offsets.append(state.end + Int64(bytes.count))
            bytes += try stored.line()
        }
        guard !bytes.isEmpty else { return [] }
        try file.write(bytes, at: state.end)
        for (stored, offset) in zip(batch, offsets) { state.note(stored, at: offset) }
        state.end += Int64(bytes.count)
        defer { state.waiters = [:] }
        return Array(state.waiters.values)
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
    mutating func note(_ stored: StoredEvent, at offset: Int64) {
        let event = stored.event
        lastSeq = event.seq
        if (event.seq - 1) % 128 == 0 { index.append(offset) }
        if let job = event.job, let attempt = event.attempt, let seq = stored.spoolSeq {
            through[BuildLog.Attempt(job: job, number: attempt)] = seq
        }
        if let id = stored.farmSeq { lastFarmEvent = id }
        if case .buildEnded = event.kind { hasEnded = true } else { hasEnded = false }
    }
}
