import JSON
import TestSupport
import Testing

@testable import FactoryProtocol

/// Decodes a frame the way the side that receives it does, and gives it back as a frame.
private typealias Reading = @Sendable (Incoming) throws -> [UInt8]

private func reading<Body: Message>(_: Body.Type) -> Reading {
    { incoming in try incoming.decode(Body.self).frame(id: incoming.id) }
}

/// Every message, by the heading of its example.
private let readings: [String: Reading] = [
    "`hello` (peer → server)": reading(Hello.self),
    "`welcome` (server → peer)": reading(Welcome.self),
    "`refused` (server → peer)": reading(Refused.self),
    "`error` (server → peer)": reading(ErrorReply.self),
    "`submit` (client → server)": reading(Submit.self),
    "`submitted` (server → client)": reading(Submitted.self),
    "`watch` (client → server)": reading(Watch.self),
    "`event` (server → client)": reading(EventMessage.self),
    "`end` (server → client)": reading(WatchEnd.self),
    "`caughtUp` (server → client)": reading(CaughtUp.self),
    "`lagged` (server → client)": reading(Lagged.self),
    "`list` (client → server)": reading(ListBuilds.self),
    "`builds` (server → client)": reading(Builds.self),
    "`resolve` (client → server)": reading(ResolveBuild.self),
    "`resolved` (server → client)": reading(ResolvedBuild.self),
    "`show` (client → server)": reading(ShowBuild.self),
    "`build` (server → client)": reading(BuildDetails.self),
    "`artifacts` (client → server)": reading(ListArtifacts.self),
    "`artifactList` (server → client)": reading(ArtifactList.self),
    "`explain` (client → server)": reading(Explain.self),
    "`explained` (server → client)": reading(Explained.self),
    "`workers` (client → server)": reading(ListWorkers.self),
    "`workerList` (server → client)": reading(WorkerList.self),
    "`status` (client → server)": reading(AskStatus.self),
    "`statusReport` (server → client)": reading(StatusReport.self),
    "`cancel` (client → server)": reading(CancelBuild.self),
    "`cancelling` (server → client)": reading(Cancelling.self),
    "`retry` (client → server)": reading(RetryBuild.self),
    "`retried` (server → client)": reading(Retried.self),
    "`drain` (client → server)": reading(DrainWorker.self),
    "`undrain` (client → server)": reading(UndrainWorker.self),
    "`done` (server → client)": reading(Done.self),
    "`register` (worker → server)": reading(Register.self),
    "`registered` (server → worker)": reading(Registered.self),
    "`resume` (worker → server)": reading(Resume.self),
    "`resumed` (server → worker)": reading(Resumed.self),
    "`assign` (server → worker)": reading(Assign.self),
    "`accepted` (worker → server)": reading(Accepted.self),
    "`declined` (worker → server)": reading(Declined.self),
    "`events` (worker → server)": reading(JobEvents.self),
    "`ack` (server → worker)": reading(Ack.self),
    "`finished` (worker → server)": reading(Finished.self),
    "`settled` (server → worker)": reading(Settled.self),
    "`superseded` (server → worker)": reading(Superseded.self),
    "`cancel` (server → worker)": reading(CancelJob.self),
    "`drain` (server → worker)": reading(Drain.self),
    "`heartbeat` (worker → server)": reading(Heartbeat.self),
]

/// The examples of docs/protocol.md: heading and JSON.
private func examples() throws -> [(heading: String, json: String)] {
    try ProtocolExample.all().map { ($0.heading, $0.json) }
}

@Suite struct DocumentTests {
    @Test func everyExampleOfAMessageIsWhatTheCodeReadsAndWrites() throws {
        let messages = try examples().filter { !$0.heading.hasSuffix("(event)") }
        #expect(Set(messages.map(\.heading)) == Set(readings.keys))
        for (heading, json) in messages {
            let read = try #require(readings[heading], "\(heading) has no reading")
            let frame = try read(Incoming(payload: Array(json.utf8)))
            let expected = try StrictJSON.decode(JSONValue.self, from: Array(json.utf8))
            #expect(try StrictJSON.decode(JSONValue.self, from: Array(frame.dropFirst(4))) == expected, "\(heading)")
        }
    }

    @Test func everyExampleOfAnEventIsWhatTheCodeReadsAndWrites() throws {
        let events = try examples().filter { $0.heading.hasSuffix("(event)") }
        #expect(events.count >= 10)
        for (heading, json) in events {
            let event = try StrictJSON.decode(Event.self, from: Array(json.utf8))
            if case .unknown(let name) = event.kind { Issue.record("\(heading): the kind \(name) is not known") }
            let expected = try StrictJSON.decode(JSONValue.self, from: Array(json.utf8))
            #expect(try StrictJSON.decode(JSONValue.self, from: CanonicalJSON.encode(event)) == expected, "\(heading)")
        }
    }

    @Test func everyFrameOfAnExampleBeforeWelcomeIsWithinItsLimit() throws {
        for (heading, json) in try examples() where heading.hasSuffix("(peer → server)") {
            #expect(json.utf8.count <= FrameLimits.beforeWelcome)
        }
    }
}
