import FactoryProtocol
import JSON

/// One line of an `events.ndjson`.
enum EventLine {
    /// The event, or nil for a line that is none: torn by a crash, or empty after one.
    static func decode(_ line: ArraySlice<UInt8>) -> Event? {
        // A torn line is expected and means nothing; readers go on with the next.
        try? StrictJSON.decode(Event.self, from: Array(line))
    }
}
