import FactoryProtocol
import Glibc
import JSON

/// The lines of a log that hold the farm's own events: those with an outbox number. A job's lines, by far the most, are
/// not decoded.
enum FarmLines {
    /// Only the key itself has these bytes: inside a text a quote has a backslash before it.
    private static let key = Array("\"farmSeq\":".utf8)
    /// No line is longer; what goes on for longer without an end is damage.
    private static let longest = 8 << 20
    private static let firstChunk: Int64 = 4096
    private static let largestChunk: Int64 = 256 << 10

    /// The farm's own events with their outbox numbers, in order, up to a line that cannot be read.
    static func all(in file: LogFile) throws(EventsError) -> [(id: Int64, event: Event)] {
        var found: [(id: Int64, event: Event)] = []
        var lines = LineReader(file: file, offset: 0)
        while let line = try lines.next() {
            guard mayHoldKey(line.bytes[...]) else { continue }
            guard let stored = decoded(line.bytes[...]) else { break }
            guard let id = stored.farmSeq else { continue }
            var event = stored.event
            event.seq = 0
            found.append((id, event))
        }
        return found
    }

    /// The outbox number of the last of the farm's own events; 0 for none. Reads from the end, for that is where it is: the
    /// log of a build that is over ends with one.
    static func last(in file: LogFile) throws(EventsError) -> Int64 {
        var start = try file.size
        var chunk = firstChunk
        // The beginning of what was read already: the end of a line that begins further in front.
        var rest: [UInt8] = []
        var isEnd = true
        while start > 0 {
            let count = min(chunk, start)
            start -= count
            let bytes = try file.read(Int(count), at: start) + rest
            var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            if isEnd {
                // What has no line end is half written.
                let hasLine = lines.count > 1
                if hasLine { lines.removeLast() }
                isEnd = !hasLine
            }
            if isEnd {
                rest = bytes
            } else {
                for line in lines.dropFirst(start > 0 ? 1 : 0).reversed() where mayHoldKey(line) {
                    if let id = decoded(line)?.farmSeq { return id }
                }
                rest = Array(lines.first ?? [])
            }
            if rest.count > longest { rest = [] }
            chunk = min(largestChunk, chunk * 4)
        }
        return 0
    }

    private static func mayHoldKey(_ line: ArraySlice<UInt8>) -> Bool {
        line.withUnsafeBytes { line in
            key.withUnsafeBytes { key in
                guard let text = line.baseAddress, let wanted = key.baseAddress, line.count >= key.count else {
                    return false
                }
                var start = 0
                while start <= line.count - key.count,
                    let found = memchr(text + start, Int32(key[0]), line.count - key.count - start + 1)
                {
                    if memcmp(found, wanted, key.count) == 0 { return true }
                    start = UnsafeRawPointer(found) - text + 1
                }
                return false
            }
        }
    }

    /// A line that cannot be read holds no number: opening the log sets it aside.
    private static func decoded(_ line: ArraySlice<UInt8>) -> StoredEvent? {
        do {
            return try StrictJSON.decode(StoredEvent.self, from: Array(line))
        } catch {
            return nil
        }
    }
}
