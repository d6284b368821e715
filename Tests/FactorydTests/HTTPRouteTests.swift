import FactoryProtocol
import FactoryWire
import Glibc
import IO
import JSON
import TestSupport
import Testing

@Suite(.serialized, .timeLimit(.minutes(3)))
struct HTTPRouteTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    /// One request on a connection of its own; the whole answer.
    private func get(_ daemon: DaemonProcess, _ target: String, _ fields: String = "") async throws -> String {
        let socket = try await Socket.connect(unix: daemon.httpSocket, until: .in(.seconds(5)))
        let request = "GET \(target) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\(fields)\r\n"
        try await socket.write(Array(request.utf8), until: .in(.seconds(5)))
        var answer: [UInt8] = []
        while true {
            let more = try await socket.read(upTo: 65536, until: .in(.seconds(20)))
            guard !more.isEmpty else { return String(decoding: answer, as: UTF8.self) }
            answer += more
        }
    }

    @Test func healthEventsAndTheirResumptionAreServed() async throws {
        let daemon = try DaemonProcess(root: folder.path)
        let client = try await daemon.connect()
        let health = try await get(daemon, "/v1/health")
        #expect(health.hasPrefix("HTTP/1.1 200"))
        #expect(health.contains(#""status":"ok""#))
        let spec = JSONValue.object(["selfTest": .object(["seconds": .integer(1)])])
        let build = try await client.ask(Submit(spec: spec, idempotencyKey: "k"), for: Submitted.self).build
        _ = try await client.ask(CancelBuild(build: build, reason: "enough"), for: Cancelling.self)
        let lines = try await get(daemon, "/v1/builds/\(build)/events")
        #expect(lines.contains("application/x-ndjson"))
        #expect(lines.contains(#""kind":"buildAccepted""#))
        let stream = try await get(daemon, "/v1/builds/\(build)/events", "Accept: text/event-stream\r\n")
        #expect(stream.contains("id: 1\nevent: buildAccepted\n"))
        #expect(stream.contains("event: buildEnded\n"))
        let rest = try await get(
            daemon, "/v1/builds/\(build)/events", "Accept: text/event-stream\r\nLast-Event-ID: 1\r\n")
        #expect(!rest.contains("id: 1\n"))
        #expect(rest.contains("id: 2\n"))
        #expect(try await get(daemon, "/v1/builds/ZZZ/events").hasPrefix("HTTP/1.1 404"))
        #expect(try await get(daemon, "/v2").hasPrefix("HTTP/1.1 404"))
    }
}
