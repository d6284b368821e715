import FactoryProtocol
import FactoryWire
import Glibc
import IO
import JSON
import Processes
import TestSupport
import Testing

@Suite(.serialized, .timeLimit(.minutes(3)))
struct HTTPRouteTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    /// One request on a connection of its own; the whole answer.
    private func get(_ daemon: DaemonProcess, _ target: String, _ fields: String = "") async throws -> String {
        let socket = try await Socket.connect(unix: daemon.httpSocket, until: .in(.seconds(30)))
        let request = "GET \(target) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\(fields)\r\n"
        try await socket.write(Array(request.utf8), until: .in(.seconds(30)))
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

    @Test func healthIsWrittenAtMostOnceASecondWhoeverAsks() async throws {
        let daemon = try DaemonProcess(root: folder.path)
        _ = try await daemon.connect()
        func size() throws -> Int {
            let status = try FileIO.status(daemon.root + "/factory.sqlite-wal")
            let found = try #require(status)
            return Int(found.size)
        }
        let before = try size()
        let started = ContinuousClock.now
        try await withThrowingTaskGroup { group in
            for _ in 0..<40 {
                group.addTask {
                    for _ in 0..<5 {
                        let answer = try await get(daemon, "/v1/health")
                        #expect(answer.hasPrefix("HTTP/1.1 200"))
                    }
                }
            }
            try await group.waitForAll()
        }
        // A commit of one page takes one frame of the log: 24 bytes and the page.
        let seconds = Int((ContinuousClock.now - started).components.seconds) + 2
        let frames = (try size() - before) / (4096 + 24)
        #expect(frames <= seconds, "200 requests made \(frames) commits in \(seconds) s")
    }

    /// What somebody without a right is answered, on every route.
    @Test(
        .enabled(if: geteuid() == 0, "asks as another user"),
        arguments: [
            ("GET", "/v1/health", "200"), ("HEAD", "/v1/health", "200"), ("GET", "/v1/builds/B/events", "403"),
            ("GET", "/v1/builds/B/events?follow=true", "403"),
            ("GET", "/v1/blobs/sha256:" + String(repeating: "0", count: 64), "403"),
            ("HEAD", "/v1/blobs/sha256:" + String(repeating: "0", count: 64), "403"),
            ("PUT", "/v1/blobs/sha256:" + String(repeating: "0", count: 64), "401"),
        ])
    func whoMayNotReadSeesNothing(method: String, path: String, status: String) async throws {
        let daemon = try DaemonProcess(root: folder.path)
        let client = try await daemon.connect()
        let spec: JSONValue = ["selfTest": ["seconds": 1]]
        let build = try await client.ask(Submit(spec: spec, idempotencyKey: "k"), for: Submitted.self).build
        for place in ["", "/run", "/run/http.sock"] { #expect(chmod(folder.path + place, 0o777) == 0) }
        var arguments = ["--reuid=65534", "--regid=65534", "--clear-groups", "curl", "--silent", "--max-time", "20"]
        if method == "HEAD" { arguments.append("--head") } else { arguments += ["--request", method] }
        if method == "PUT" { arguments += ["--data-binary", "x"] }
        arguments += ["--write-out", "\n%{http_code}", "--unix-socket", daemon.httpSocket, "http://farm" + path]
        let (_, bytes) = try await Command("setpriv", arguments).output(until: .in(.seconds(30)))
        let answer = String(decoding: bytes, as: UTF8.self)
        #expect(answer.hasSuffix("\n" + status), "\(answer)")
        #expect(!answer.contains(build.rawValue), "\(answer)")
    }
}
