import Crypto
import FactoryProtocol
import IO
import JSON

/// What a log says up to a place, in a file of its own beside the log, so that opening a long log does not read it whole.
///
/// The log alone is the truth. An index that is not whole, of another format or of another log is worth nothing and is
/// removed; what a log has beyond its index is read. The file is the SHA-256 of its second line, and that line: JSON.
struct LogIndex: Codable, Equatable {
    static let format = 1
    /// The longest index that is read, in bytes. That is the index of some 800 million events.
    static let most = 64 << 20
    /// The longest last line that is read to see whether an index belongs to its log, in bytes.
    private static let longestLine: Int64 = 16 << 20

    var format = LogIndex.format
    var stride = LogContents.stride
    var end: Int64
    var lastSeq: Int64
    var lastLine: Int64
    /// The SHA-256 of the last line, its end included, by which an index knows its log.
    var lastLineDigest: String
    var offsets: [Int64]
    var attempts: [Attempt]
    var lastFarmEvent: Int64
    var hasEnded: Bool

    struct Attempt: Codable, Equatable {
        var job: JobID
        var number: Int
        var through: Int64
        var bytes: Int64
        var isCapped: Bool
    }

    /// The index of a log that says this and is on the disk up to there; nil when its last line cannot be read.
    init?(_ contents: LogContents, of file: LogFile) throws(EventsError) {
        guard contents.lastSeq > 0, contents.end - contents.lastLine <= Self.longestLine else { return nil }
        let line = try file.read(Int(contents.end - contents.lastLine), at: contents.lastLine)
        (end, lastSeq, lastLine) = (contents.end, contents.lastSeq, contents.lastLine)
        lastLineDigest = SHA256.hex(of: line)
        offsets = contents.offsets
        attempts = contents.attempts.map { key, told in
            Attempt(
                job: key.job, number: key.number, through: told.through, bytes: told.bytes, isCapped: told.isCapped)
        }
        attempts.sort { ($0.job, $0.number) < ($1.job, $1.number) }
        (lastFarmEvent, hasEnded) = (contents.lastFarmEvent, contents.hasEnded)
    }

    /// Reads a file; nil for anything that ``bytes()`` has not made.
    init?(bytes: [UInt8]) {
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        guard lines.count == 3, lines[2].isEmpty else { return nil }
        let json = Array(lines[1])
        guard lines[0].elementsEqual(SHA256.hex(of: json).utf8) else { return nil }
        // Whatever else is wrong with it: the log says all of it.
        guard let index = try? StrictJSON.decode(LogIndex.self, from: json) else { return nil }
        self = index
    }

    /// The index as it stands in its file: the SHA-256 of the JSON in hex, then the JSON, each on a line.
    func bytes() throws(JSONError) -> [UInt8] {
        let json = try CanonicalJSON.encode(self)
        return Array((SHA256.hex(of: json) + "\n").utf8) + json + [UInt8(ascii: "\n")]
    }

    /// What a log says up to where its index speaks; nil when there is no index, or one that is not to be trusted.
    static func contents(of file: LogFile, at path: String) -> LogContents? {
        // Without an index the log is read whole, whatever the reason.
        guard let bytes = try? FileIO.read(path, limit: most), let index = LogIndex(bytes: bytes),
            let contents = index.contents(), (try? index.belongs(to: file)) == true
        else { return nil }
        return contents
    }

    /// What it says; nil when it contradicts itself.
    private func contents() -> LogContents? {
        guard format == Self.format, stride == LogContents.stride, lastFarmEvent >= 0, lastLine >= 0, lastLine < end,
            end - lastLine <= Self.longestLine, (1...end).contains(lastSeq), isAscending
        else { return nil }
        var contents = LogContents(end: end, lastSeq: lastSeq, lastLine: lastLine, offsets: offsets)
        for attempt in attempts {
            guard attempt.through >= 0, (0...end).contains(attempt.bytes) else { return nil }
            let told = LogContents.Told(through: attempt.through, bytes: attempt.bytes, isCapped: attempt.isCapped)
            let key = LogContents.Attempt(job: attempt.job, number: attempt.number)
            guard contents.attempts.updateValue(told, forKey: key) == nil else { return nil }
        }
        (contents.lastFarmEvent, contents.hasEnded) = (lastFarmEvent, hasEnded)
        return contents
    }

    /// Whether the offsets are as many as the events need, from the first line to the last one.
    private var isAscending: Bool {
        guard offsets.first == 0, let last = offsets.last, Int64(offsets.count) == (lastSeq - 1) / stride + 1 else {
            return false
        }
        guard zip(offsets, offsets.dropFirst()).allSatisfy({ $0 < $1 }) else { return false }
        return (lastSeq - 1) % stride == 0 ? last == lastLine : last < lastLine
    }

    /// Whether the log has the last line that this speaks of, where it should be.
    private func belongs(to file: LogFile) throws -> Bool {
        guard try file.size >= end else { return false }
        let line = try file.read(Int(end - lastLine), at: lastLine)
        guard line.last == UInt8(ascii: "\n"), SHA256.hex(of: line) == lastLineDigest else { return false }
        let event = try StrictJSON.decode(StoredEvent.self, from: line.dropLast()).event
        let isEnd = if case .buildEnded = event.kind { true } else { false }
        return event.seq == lastSeq && isEnd == hasEnded
    }
}
