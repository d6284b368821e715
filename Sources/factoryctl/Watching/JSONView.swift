import FactoryProtocol
import JSON
import Terminal

/// One JSON object a line: every event as it is stored, then one `end`. For programs.
struct JSONView: WatchView {
    /// Raised when a field changes its meaning or goes; new fields do not count.
    static let schema = 1
    private let build: BuildID
    private let next: NextCommand

    init(build: BuildID, next: NextCommand) { (self.build, self.next) = (build, next) }

    mutating func feed(_ event: Event) -> [Painted] {
        line(EventLine(schema: Self.schema, build: build, event: event))
    }

    mutating func notice(_ text: String) -> [Painted] {
        line(NoticeLine(schema: Self.schema, kind: "notice", build: build, message: text))
    }

    mutating func end(_ ending: WatchEnding) -> [Painted] {
        let verdict: Verdict? = if case .verdict(let verdict) = ending { verdict } else { nil }
        return line(
            EndLine(
                schema: Self.schema, kind: "end", build: build, exitStatus: ending.status.rawValue, verdict: verdict,
                message: ending.line(build: build, next: next)))
    }

    private func line(_ value: some Encodable) -> [Painted] {
        do throws(JSONError) {
            return [Painted(json: try CanonicalJSON.text(value))]
        } catch {
            // Said in the stream itself, so that no reader takes the gap for silence.
            return [Painted(json: #"{"kind":"unreadable","schema":\#(Self.schema)}"#)]
        }
    }
}

private struct EventLine: Encodable {
    let schema: Int
    let build: BuildID
    let event: Event

    enum Keys: String, CodingKey {
        case schema
        case build
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Keys.self)
        try container.encode(schema, forKey: .schema)
        try container.encode(build, forKey: .build)
        try event.encode(to: encoder)
    }
}

private struct NoticeLine: Encodable {
    let schema: Int
    let kind: String
    let build: BuildID
    let message: String
}

private struct EndLine: Encodable {
    let schema: Int
    let kind: String
    let build: BuildID
    let exitStatus: Int32
    let verdict: Verdict?
    let message: String
}
