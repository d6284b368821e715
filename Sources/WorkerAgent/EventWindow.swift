/// Which events of a job are on their way to the server: sent, not yet acknowledged, and how much more may follow.
///
/// Pure. Bytes are what the events take in a spool, near enough to what they take on the wire.
struct EventWindow: Sendable, Equatable {
    /// How many bytes may be on their way.
    static let limit = 256 * 1024
    /// How many bytes one message carries, about.
    static let batch = 64 * 1024

    private struct Batch: Equatable {
        let through: Int64
        let bytes: Int
    }

    /// The last event that the server has stored.
    private(set) var acked: Int64
    private var inFlight: [Batch] = []

    init(acked: Int64) { self.acked = acked }

    /// How many bytes may be sent now; 0 when the window is full.
    var room: Int {
        let free = Self.limit - inFlight.reduce(0) { $0 + $1.bytes }
        return free <= 0 ? 0 : min(free, Self.batch)
    }

    /// Whether all that was sent is stored.
    var isEmpty: Bool { inFlight.isEmpty }

    /// Events up to that number are on their way.
    mutating func sent(through: Int64, bytes: Int) { inFlight.append(Batch(through: through, bytes: bytes)) }

    /// The server has stored the events up to that number.
    mutating func acked(through: Int64) {
        acked = max(acked, through)
        inFlight.removeAll { $0.through <= through }
    }
}
