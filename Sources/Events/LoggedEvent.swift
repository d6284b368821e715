package import FactoryProtocol
import JSON

/// An event as the log has it: the bytes that a watcher gets, and the little of them that is asked on the way.
///
/// A line of the log is the event's canonical JSON and one number more (``StoredEvent``). That number is cut out; nothing
/// is decoded and encoded again, however many watch.
package struct LoggedEvent: Sendable {
    /// The number in the build's stream.
    package let seq: Int64
    /// The name of the kind.
    package let kind: String
    /// The event in canonical JSON.
    package let json: [UInt8]

    /// The event of a line without its end.
    ///
    /// - Throws: ``JSONError``: the line is none.
    init(line: [UInt8]) throws(JSONError) {
        try JSONCheck.check(line, top: .object)
        if let cut = LoggedEvent(canonical: line) {
            self = cut
        } else {
            let event = try StrictJSON.decode(StoredEvent.self, from: line).event
            (seq, kind, json) = (event.seq, event.kind.name, try CanonicalJSON.encode(event))
        }
    }

    /// Cuts an object of strict JSON; nil when it is not as ``StoredEvent/line()`` writes it: without white space, its
    /// members in order.
    init?(canonical line: [UInt8]) {
        var json: [UInt8] = []
        json.reserveCapacity(line.count)
        var seq: Int64?
        var kind: String?
        var last: ArraySlice<UInt8> = []
        // The brace, or the comma before the next member.
        var place = 0
        while place < line.count - 1 {
            let start = place + 1
            guard line[start] == UInt8(ascii: "\""),
                let quote = line[(start + 1)...].firstIndex(of: UInt8(ascii: "\"")),
                quote + 1 < line.count, line[quote + 1] == UInt8(ascii: ":"),
                let end = Self.endOfValue(in: line, from: quote + 2)
            else { return nil }
            let (key, value) = (line[(start + 1)..<quote], line[(quote + 2)..<end])
            guard last.lexicographicallyPrecedes(key), !key.contains(UInt8(ascii: "\\")) else { return nil }
            let name = String(decoding: key, as: UTF8.self)
            if name == "seq" { seq = Int64(String(decoding: value, as: UTF8.self)) }
            if name == "kind", value.first == UInt8(ascii: "\""), !value.contains(UInt8(ascii: "\\")) {
                kind = String(decoding: value.dropFirst().dropLast(), as: UTF8.self)
            }
            if !StoredEvent.ownKeys.contains(name) {
                json.append(json.isEmpty ? UInt8(ascii: "{") : UInt8(ascii: ","))
                json += line[start..<end]
            }
            (last, place) = (key, end)
        }
        guard let seq, let kind else { return nil }
        json.append(UInt8(ascii: "}"))
        (self.seq, self.kind, self.json) = (seq, kind, json)
    }

    /// The comma or brace behind a member's value; nil at white space.
    private static func endOfValue(in line: [UInt8], from start: Int) -> Int? {
        var depth = 0
        var isString = false
        var place = start
        while place < line.count {
            let byte = line[place]
            if isString {
                if byte == UInt8(ascii: "\\") { place += 1 }
                if byte == UInt8(ascii: "\"") { isString = false }
            } else {
                switch byte {
                case UInt8(ascii: "\""): isString = true
                case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
                case UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]"):
                    if depth == 0 { return place }
                    if byte != UInt8(ascii: ",") { depth -= 1 }
                case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"): return nil
                default: break
                }
            }
            place += 1
        }
        return nil
    }

    /// The event itself.
    package func event() throws -> Event { try StrictJSON.decode(Event.self, from: json) }

    /// Whether it is a line of log.
    package var isLogLine: Bool { kind == "log" }

    /// How the build ended, where this is its end; nil for every other event.
    package func verdict() throws -> Verdict? {
        guard kind == "buildEnded", case .buildEnded(let ended) = try event().kind else { return nil }
        return ended.verdict
    }
}
