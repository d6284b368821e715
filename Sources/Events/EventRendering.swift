package import FactoryProtocol
import JSON

extension Event {
    /// One line of JSON, its end included: what `watch --progress json` prints and what the REST stream sends.
    package func jsonLine() throws -> [UInt8] { try CanonicalJSON.encode(self) + [UInt8(ascii: "\n")] }

    /// A server-sent event with the number as its id, so that a browser resumes by `Last-Event-ID` (HTML standard,
    /// "Server-sent events").
    package func serverSentEvent() throws -> [UInt8] {
        Array("id: \(seq)\nevent: \(kind.name)\ndata: ".utf8) + (try CanonicalJSON.encode(self)) + Array("\n\n".utf8)
    }
}
