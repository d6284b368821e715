import FactoryProtocol
import JSON

/// A line of a build's log: an event in the build's numbering, and the number that the job's spool gave it.
struct StoredEvent: Codable {
    var event: Event
    /// The number in the spool; nil for what the farm itself says.
    var spoolSeq: Int64?

    private enum Keys: String, CodingKey {
        case spoolSeq
    }

    init(event: Event, spoolSeq: Int64?) {
        self.event = event
        self.spoolSeq = spoolSeq
    }

    init(from decoder: any Decoder) throws {
        event = try Event(from: decoder)
        spoolSeq = try decoder.container(keyedBy: Keys.self).decodeIfPresent(Int64.self, forKey: .spoolSeq)
    }

    func encode(to encoder: any Encoder) throws {
        try event.encode(to: encoder)
        var container = encoder.container(keyedBy: Keys.self)
        try container.encodeIfPresent(spoolSeq, forKey: .spoolSeq)
    }

    /// The line as it stands in the file, its end included.
    func line() throws -> [UInt8] { try CanonicalJSON.encode(self) + [UInt8(ascii: "\n")] }
}
