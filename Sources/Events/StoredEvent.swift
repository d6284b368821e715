import FactoryProtocol
import JSON

/// A line of a build's log: an event in the build's numbering, and the number that the job's spool gave it.
struct StoredEvent: Codable, Sendable {
    var event: Event
    /// The number in the spool; nil for what the farm itself says.
    var spoolSeq: Int64?
    /// The number in the queue's outbox; nil for what a job says.
    var farmSeq: Int64?

    private enum Keys: String, CodingKey, CaseIterable {
        case spoolSeq
        case farmSeq
    }

    /// The members that a line has beside those of its event.
    static let ownKeys = Keys.allCases.map(\.rawValue)

    init(event: Event, spoolSeq: Int64?, farmSeq: Int64?) {
        self.event = event
        self.spoolSeq = spoolSeq
        self.farmSeq = farmSeq
    }

    init(from decoder: any Decoder) throws {
        event = try Event(from: decoder)
        let container = try decoder.container(keyedBy: Keys.self)
        spoolSeq = try container.decodeIfPresent(Int64.self, forKey: .spoolSeq)
        farmSeq = try container.decodeIfPresent(Int64.self, forKey: .farmSeq)
    }

    func encode(to encoder: any Encoder) throws {
        try event.encode(to: encoder)
        var container = encoder.container(keyedBy: Keys.self)
        try container.encodeIfPresent(spoolSeq, forKey: .spoolSeq)
        try container.encodeIfPresent(farmSeq, forKey: .farmSeq)
    }

    /// The line as it stands in the file, its end included.
    func line() throws -> [UInt8] { try CanonicalJSON.encode(self) + [UInt8(ascii: "\n")] }
}
