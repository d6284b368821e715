import FactoryProtocol
import FactoryWire
import Glibc
import IO
import JSON
import TestSupport
import Testing

/// Whatever number a peer sends in whatever field, the daemon lives and answers.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct ExtremeNumbersTests {
    private static let extremes: [Int64] = [0, -1, .min, .max]
    /// The build of the document's examples.
    private static let documented = "01K8ZQ6T5X0000000000000000"

    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    private static func selfTest(key: String) -> Submit {
        Submit(spec: .object(["selfTest": .object(["seconds": .integer(1)])]), idempotencyKey: key)
    }

    /// Sends a frame as it is, then something ordinary, and waits for the ordinary answer or the end of the connection.
    private func send(_ text: String, then ordinary: some Message, over connection: FrameConnection) async throws {
        do throws(WireError) {
            try await connection.send(frame: Frame.bytes(Array(text.utf8)))
            try await connection.send(ordinary, id: 4242)
            while try await connection.next(until: .in(.seconds(20))).id != 4242 {}
        } catch {
            #expect(error.kind == .ended || error.kind == .broken, "\(text): \(error)")
        }
        connection.close()
    }

    @Test func ofAnyFieldOfAClientsMessage() async throws {
        let daemon = try DaemonProcess(root: folder.path)
        let observer = try await daemon.connect()
        let build = try await observer.ask(Self.selfTest(key: "k"), for: Submitted.self).build
        var texts = try ProtocolExample.all().filter { $0.heading.hasSuffix("(client → server)") }
        texts.append(
            ProtocolExample(
                heading: "submit of a self-test",
                json: #"{"type":"submit","id":2,"idempotencyKey":"n","noCache":false,"spec":{"selfTest":{"seconds":1,"#
                    + #""linesPerSecond":1,"megabytes":1,"scratchMegabytes":1},"sourceDateEpoch":1}}"#))
        #expect(texts.count > 10)
        for example in texts {
            for text in example.replacingEachNumber(with: Self.extremes) {
                let text = text.replacing(Self.documented, with: build.rawValue)
                try await send(text, then: AskStatus(), over: try await daemon.connect())
                _ = try await observer.ask(ListBuilds(limit: 1), for: Builds.self)
            }
        }
        #expect(await daemon.end(SIGTERM) == 0)
    }

    @Test func ofAnyFieldOfAWorkersMessage() async throws {
        let daemon = try DaemonProcess(root: folder.path)
        let observer = try await daemon.connect()
        let examples = try ProtocolExample.all().filter { $0.heading.hasSuffix("(worker → server)") }
        #expect(examples.count > 6)
        let events = try ProtocolExample.all().filter { $0.json.hasPrefix("{\"seq\": 9,") }
        #expect(Set(events.map(\.heading)).count >= 10)
        let texts =
            examples.flatMap { $0.replacingEachNumber(with: Self.extremes) }
            + events.flatMap { $0.replacingEachNumber(with: Self.extremes) }.map { event in
                #"{"type": "events", "job": "\#(Self.documented).image-amd64", "fence": 7, "events": [\#(event)]}"#
            }
        var number = 0
        for text in texts {
            number += 1
            try await drive(text, number: number, daemon, observer)
            _ = try await observer.ask(ListBuilds(limit: 1), for: Builds.self)
            _ = try await observer.ask(ListWorkers(), for: WorkerList.self)
        }
        #expect(await daemon.end(SIGTERM) == 0)
    }

    /// Says a message as a new worker, at the moment that is its own: with a job of its own when it is about a job.
    private func drive(_ text: String, number: Int, _ daemon: DaemonProcess, _ observer: FrameConnection) async throws {
        let worker = try await daemon.connect(.worker, name: "w\(number)")
        if text.contains(#""type": "register""#) {
            return try await send(text, then: Resume(jobs: []), over: worker)
        }
        let offer = Register(architectures: [.amd64], slots: 1, capabilities: ["isolation": "namespaces"], host: "h")
        _ = try await worker.ask(offer, for: Registered.self)
        if text.contains(#""type": "resume""#) {
            return try await send(text, then: Superseded(job: JobID("x"), fence: Fence(1)), over: worker)
        }
        _ = try await worker.ask(Resume(jobs: []), for: Resumed.self)
        _ = try await observer.ask(Self.selfTest(key: "\(number)"), for: Submitted.self)
        let assign: Assign = try await worker.expect()
        try await worker.send(Accepted(job: assign.job, fence: assign.fence))
        // The fields that are not driven are those of the job.
        let mine = text.replacing(Self.documented + ".image-amd64", with: assign.job.rawValue)
            .replacing(#""fence": 7"#, with: #""fence": \#(assign.fence)"#)
            .replacing(#""seq": 791,"#, with: #""seq": 1,"#).replacing(#""seq": 9,"#, with: #""seq": 1,"#)
        try await send(mine, then: Accepted(job: JobID("x.y"), fence: Fence(1)), over: worker)
        let build = BuildID(String(assign.job.rawValue.prefix(26)))
        _ = try await observer.ask(ShowBuild(build: build), for: BuildDetails.self)
        // What came into the log comes out of it.
        try await observer.send(Watch(build: build, from: 1, follow: false), id: 77)
        while true {
            let incoming = try await observer.next(until: .in(.seconds(20)))
            guard incoming.type == EventMessage.type else { break }
            _ = try incoming.decode(EventMessage.self)
        }
    }

    @Test func ofTheFirstMessage() async throws {
        let daemon = try DaemonProcess(root: folder.path)
        let observer = try await daemon.connect()
        let examples = try ProtocolExample.all().filter { $0.heading.hasSuffix("(peer → server)") }
        for text in examples.flatMap({ $0.replacingEachNumber(with: Self.extremes) }) {
            let socket = try await Socket.connect(unix: daemon.socket, until: .in(.seconds(30)))
            try await send(text, then: AskStatus(), over: FrameConnection(socket))
            _ = try await observer.ask(AskStatus(), for: StatusReport.self)
        }
    }

    /// Requests with a number at `N`.
    private static let requests: [(head: String, fields: String)] = [
        ("GET /v1/builds/BUILD/events?from=N", ""),
        ("GET /v1/builds/BUILD/events?from=N", "Accept: text/event-stream\r\n"),
        ("GET /v1/builds/BUILD/events", "Last-Event-ID: N\r\n"),
        ("GET /v1/builds/BUILD/events", "Accept: text/event-stream\r\nLast-Event-ID: N\r\n"),
        ("GET /v1/health?from=N", ""),
        ("GET /v1/health", "Content-Length: N\r\n"),
        ("GET /v1/blobs/DIGEST", "Range: bytes=N-\r\n"),
        ("GET /v1/blobs/DIGEST", "Range: bytes=-N\r\n"),
        ("GET /v1/blobs/DIGEST", "Range: bytes=0-N\r\n"),
        ("GET /v1/blobs/DIGEST", "Range: bytes=N-N\r\n"),
        ("HEAD /v1/blobs/DIGEST", "Range: bytes=N-\r\n"),
        ("PUT /v1/blobs/OTHER", "Authorization: Bearer TOKEN\r\nContent-Length: N\r\n"),
        ("PUT /v1/blobs/OTHER", "Authorization: Bearer TOKEN\r\nContent-Length: 0\r\nContent-Range: bytes */N\r\n"),
        ("PUT /v1/blobs/OTHER", "Authorization: Bearer TOKEN\r\nContent-Length: 1\r\nContent-Range: bytes N-N/N\r\n"),
        ("PUT /v1/blobs/OTHER", "Authorization: Bearer TOKEN\r\nContent-Length: 1\r\nContent-Range: bytes 0-N/N\r\n"),
        ("PUT /v1/blobs/OTHER", "Authorization: Bearer TOKEN\r\nContent-Length: 1\r\nContent-Range: bytes 0-0/N\r\n"),
    ]

    @Test func ofAnyRouteOverHTTP() async throws {
        let daemon = try DaemonProcess(root: folder.path)
        let observer = try await daemon.connect()
        let worker = try await daemon.connect(.worker, name: "w")
        let offer = Register(architectures: [.amd64], slots: 1, capabilities: ["isolation": "namespaces"], host: "h")
        _ = try await worker.ask(offer, for: Registered.self)
        _ = try await worker.ask(Resume(jobs: []), for: Resumed.self)
        // One build that has ended, so that streams end too, and one that runs, for its token.
        let build = try await observer.ask(Self.selfTest(key: "over"), for: Submitted.self).build
        let first: Assign = try await worker.expect()
        try await worker.send(Accepted(job: first.job, fence: first.fence))
        let _: Settled = try await worker.ask(Finished(job: first.job, fence: first.fence, outcome: .succeeded))
        _ = try await observer.ask(Self.selfTest(key: "runs"), for: Submitted.self)
        let running: Assign = try await worker.expect()
        let digest = Digest(hash: [UInt8](repeating: 1, count: 32))
        let blob = folder.file("store/blobs/sha256/" + digest.hex)
        try Directory.make(FileIO.parent(blob))
        try AtomicFile.write(Array("0123456789".utf8), to: blob)
        let other = Digest(hash: [UInt8](repeating: 2, count: 32))
        for (head, fields) in Self.requests {
            for number in Self.extremes.map({ "\($0)" }) + ["9223372036854775808", "abc"] {
                func filled(_ text: String) -> String {
                    text.replacing("=N", with: "=\(number)").replacing(" N", with: " \(number)")
                        .replacing("-N", with: "-\(number)").replacing("/N", with: "/\(number)")
                        .replacing("BUILD", with: build.rawValue).replacing("DIGEST", with: digest.description)
                        .replacing("OTHER", with: other.description).replacing("TOKEN", with: running.upload.token)
                }
                let request = filled(head)
                let all = fields.split(separator: "\r\n").map { line in
                    let parts = line.split(separator: ":", maxSplits: 1).map(String.init)
                    return parts[0] + ":" + filled(parts[1]) + "\r\n"
                }.joined()
                _ = try await daemon.http(request, all)
                let health = try await daemon.http("GET /v1/health")
                #expect(health.hasPrefix("HTTP/1.1 200"), "after \(request) \(all)")
            }
        }
        #expect(await daemon.end(SIGTERM) == 0)
    }

    @Test(arguments: ["from=abc", "from=-1", "from=", "from=1.5", "from=+1", "from=9223372036854775808", "follow=yes"])
    func aWrongQueryOfEventsIsRefusedByItsName(query: String) async throws {
        let daemon = try DaemonProcess(root: folder.path)
        let build = try await daemon.connect().ask(Self.selfTest(key: "k"), for: Submitted.self).build
        let answer = try await daemon.http("GET /v1/builds/\(build)/events?\(query)")
        #expect(answer.hasPrefix("HTTP/1.1 400"), "\(answer)")
        #expect(answer.contains(query.prefix { $0 != "=" } + " is"), "\(answer)")
    }

    @Test(arguments: ["abc", "-1", "9223372036854775808", "1 2"])
    func aWrongLastEventIDIsRefusedByItsName(value: String) async throws {
        let daemon = try DaemonProcess(root: folder.path)
        let build = try await daemon.connect().ask(Self.selfTest(key: "k"), for: Submitted.self).build
        let answer = try await daemon.http("GET /v1/builds/\(build)/events", "Last-Event-ID: \(value)\r\n")
        #expect(answer.hasPrefix("HTTP/1.1 400"), "\(answer)")
        #expect(answer.contains("Last-Event-ID"), "\(answer)")
    }
}
