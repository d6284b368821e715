import FactoryProtocol
import JSON
import TestSupport
import Testing

@testable import FactoryEvents

/// What a watcher gets of an event that is decoded and encoded again.
private struct Rendering: Equatable {
    let json: [UInt8]
    let line: [UInt8]
    let serverSent: [UInt8]
    let frames: [[UInt8]]
    let verdict: Verdict?
    let isLogLine: Bool

    init(_ event: Event) throws {
        json = try CanonicalJSON.encode(event)
        line = json + Array("\n".utf8)
        serverSent = Array("id: \(event.seq)\nevent: \(event.kind.name)\ndata: ".utf8) + json + Array("\n\n".utf8)
        frames = try ids.map { try EventMessage(event: event).frame(id: $0) }
        verdict = if case .buildEnded(let ended) = event.kind { ended.verdict } else { nil }
        isLogLine = if case .log = event.kind { true } else { false }
    }

    init(_ logged: LoggedEvent) throws {
        (json, line, serverSent) = (logged.json, logged.jsonLine(), logged.serverSentEvent())
        frames = ids.map { EventMessage.frame(json: logged.json, id: $0) }
        (verdict, isLogLine) = (try logged.verdict(), logged.isLogLine)
    }
}

private let ids: [Int64?] = [nil, 0, 7, -1, .max, .min]

/// Checks that the line of an event is cut, and that what comes of it is what its decoding and encoding gives.
private func expectSame(_ event: Event, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let numbers: [(spool: Int64?, farm: Int64?)] = [(nil, nil), (5, nil), (nil, .max), (.min, 3)]
    for (spool, farm) in numbers {
        let line = Array(try StoredEvent(event: event, spoolSeq: spool, farmSeq: farm).line().dropLast())
        let cut = try #require(LoggedEvent(canonical: line), sourceLocation: sourceLocation)
        let decoded = try StrictJSON.decode(StoredEvent.self, from: line).event
        #expect(cut.seq == decoded.seq, sourceLocation: sourceLocation)
        #expect(cut.kind == decoded.kind.name, sourceLocation: sourceLocation)
        #expect(try cut.event() == decoded, sourceLocation: sourceLocation)
        #expect(try Rendering(cut) == Rendering(decoded), sourceLocation: sourceLocation)
        #expect(try Rendering(LoggedEvent(line: line)) == Rendering(decoded), sourceLocation: sourceLocation)
    }
}

/// What strings are made of here: all that JSON escapes or that looks like a member of a line.
private let pieces = [
    "\"", "\\", "/", "\n", "\t", "\u{1}", "\u{7f}", "é", "🚢", "\u{2028}", "e\u{301}", " ", ",", ":", "{", "}", "[", "]",
    "spoolSeq", ",\"spoolSeq\":1", "\",\"farmSeq\":2,\"", "\\\"", "\"seq\":9", "}\n{", "kind",
]

@Suite struct LoggedEventTests {
    @Test func everyKindOfEventIsGivenAsDecodingAndEncodingGivesIt() throws {
        let examples = try ProtocolExample.all().filter { $0.heading.hasSuffix("(event)") }
        #expect(Set(examples.map(\.heading)).count == 10)
        for example in examples {
            var event = try StrictJSON.decode(Event.self, from: Array(example.json.utf8))
            for seq in [1, 9, Int64.max] {
                event.seq = seq
                try expectSame(event)
            }
            (event.job, event.attempt) = (nil, nil)
            try expectSame(event)
        }
    }

    @Test func textOfAnyKindIsGivenAsDecodingAndEncodingGivesIt() throws {
        let seed: UInt64 = 20_261_129
        print("LoggedEventTests: seed \(seed)")
        var random = Seeded(state: seed)
        let at = Timestamp(milliseconds: 1)
        for _ in 1...100 {
            func text() -> String {
                (0..<Int.random(in: 0...12, using: &random)).map { _ in pieces.randomElement(using: &random) ?? "" }
                    .joined()
            }
            let job: JobID? = Bool.random(using: &random) ? JobID(text()) : nil
            let failure = Failure(cause: .internal, code: text(), message: text())
            let kinds: [Event.Kind] = [
                .log(LogLine(step: text(), text: text())),
                .warning(Warning(code: text(), message: text())),
                .jobStateChanged(JobStateChanged(state: .failed, reason: text(), outcome: .failed(failure))),
                .buildEnded(BuildEnded(verdict: Verdict(result: .failed, message: text(), milliseconds: 1))),
                .unknown("a" + pieces[7]),
            ]
            for kind in kinds { try expectSame(Event(seq: 3, at: at, job: job, attempt: 2, kind: kind)) }
        }
    }

    /// Lines that another hand wrote: decoded and encoded, so that watchers get what they always got.
    @Test(arguments: [
        #"{"at":1, "kind":"log","seq":4,"text":"x"}"#,
        #"{"at":1,"kind":"log","seq": 4,"text":"x"}"#,
        #" {"at":1,"kind":"log","seq":4,"text":"x"}"#,
        #"{"at":1,"kind":"log","seq":4,"text":"x"} "#,
        #"{"seq":4,"at":1,"kind":"log","spoolSeq":1,"text":"x"}"#,
        #"{"at":1,"kind":"l\u006fg","seq":4,"text":"x"}"#,
        #"{"at":1,"k\u0069nd":"log","seq":4,"text":"x"}"#,
    ])
    func aLineInAnotherFormIsDecodedAndEncoded(line: String) throws {
        #expect(LoggedEvent(canonical: Array(line.utf8)) == nil)
        let logged = try LoggedEvent(line: Array(line.utf8))
        let event = Event(seq: 4, at: Timestamp(milliseconds: 1), kind: .log(LogLine(text: "x")))
        #expect(try Rendering(logged) == Rendering(event))
    }

    @Test(arguments: [
        "", "{", "{}", "[]", "null", "\0", #"{"at":1,"kind":"log","seq":4,"text":"x"}}"#, #"{"at":1,"kind":"log"}"#,
        #"{"at":1,"kind":"log","kind":"log","seq":4,"text":"x"}"#, #"{"at":1,"kind":7,"seq":4,"text":"x"}"#,
        #"{"at":1,"kind":"log","seq":4.5,"text":"x"}"#, #"{"at":1,"kind":"log","seq":"4","text":"x"}"#,
    ])
    func aLineThatIsNoEventIsRefused(line: String) {
        #expect(throws: JSONError.self) { try LoggedEvent(line: Array(line.utf8)) }
    }

    @Test func aServerSentEventCarriesItsNumber() throws {
        let warning = Event.Kind.warning(Warning(code: "x", message: "two\nlines"))
        let event = Event(seq: 7, at: Timestamp(milliseconds: 1), kind: warning)
        let stored = StoredEvent(event: event, spoolSeq: 1, farmSeq: nil)
        let logged = try LoggedEvent(line: Array(stored.line().dropLast()))
        let text = String(decoding: logged.serverSentEvent(), as: UTF8.self)
        #expect(text.hasPrefix("id: 7\nevent: warning\ndata: {"))
        #expect(text.hasSuffix("}\n\n"))
        #expect(text.split(separator: "\n").count == 3)
    }
}
