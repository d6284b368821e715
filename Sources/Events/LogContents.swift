import FactoryProtocol

/// What the lines of a log say, up to a place: found by reading them, or kept beside the log (``LogIndex``).
struct LogContents: Sendable, Equatable {
    /// The offset is kept of one event in so many; reading from one in between skips lines.
    static let stride: Int64 = 128

    /// Where the lines end, and the next one goes.
    var end: Int64 = 0
    /// The number of the last event; 0 when there is none.
    var lastSeq: Int64 = 0
    /// Where the line of the last event begins.
    var lastLine: Int64 = 0
    /// Offsets of events 1, 1 + stride, …
    var offsets: [Int64] = []
    var attempts: [Attempt: Told] = [:]
    /// The outbox number of the last of the farm's own events that is stored.
    var lastFarmEvent: Int64 = 0
    /// Whether the last event is the build's end. A build that is tried again goes on after it.
    var hasEnded = false

    struct Attempt: Hashable {
        let job: JobID
        let number: Int
    }

    /// What one attempt said.
    struct Told: Sendable, Equatable {
        /// The last spool number stored.
        var through: Int64 = 0
        /// How much of the log it wrote, in bytes.
        var bytes: Int64 = 0
        /// Whether it wrote more than it may.
        var isCapped = false
    }

    /// Where the first event of a slot of ``stride`` events begins; nil when there is none yet.
    func offset(of slot: Int64) -> Int64? { slot < offsets.count ? offsets[Int(slot)] : nil }

    /// Adds an event, whose line of `length` bytes begins at ``end``.
    mutating func note(_ stored: StoredEvent, length: Int64) {
        let event = stored.event
        lastSeq = event.seq
        lastLine = end
        if (event.seq - 1) % Self.stride == 0 { offsets.append(end) }
        end += length
        if let job = event.job, let attempt = event.attempt, let seq = stored.spoolSeq {
            var told = attempts[Attempt(job: job, number: attempt)] ?? Told()
            told.through = seq
            told.bytes += length
            if case .warning(let warning) = event.kind, warning.code == Warning.logCapped { told.isCapped = true }
            attempts[Attempt(job: job, number: attempt)] = told
        }
        if let id = stored.farmSeq { lastFarmEvent = max(lastFarmEvent, id) }
        if case .buildEnded = event.kind { hasEnded = true } else { hasEnded = false }
    }
}
