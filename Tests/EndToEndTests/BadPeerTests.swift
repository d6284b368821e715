import FactoryClient
import FactoryProtocol
import FactoryWire
import Glibc
import IO
import JSON
import Processes
import Testing

/// Peers that are broken, slow, hostile or without rights: each loses its own connection and nothing else.
@Suite(.serialized)
struct BadPeerTests {
    struct Bytes: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let bytes: [UInt8]
        let code: String
    }

    static let garbage: [Bytes] = [
        Bytes(
            testDescription: "an HTTP request", bytes: [UInt8]("GET / HTTP/1.1\r\n\r\n".utf8), code: "frame-too-large"),
        Bytes(testDescription: "length zero", bytes: [0, 0, 0, 0], code: "empty-frame"),
        Bytes(testDescription: "4 GiB announced", bytes: [0xFF, 0xFF, 0xFF, 0xFF], code: "frame-too-large"),
        Bytes(testDescription: "4097 bytes before welcome", bytes: [0, 0, 0x10, 0x01], code: "frame-too-large"),
        Bytes(testDescription: "an array", bytes: [0, 0, 0, 2] + "[]".utf8, code: "bad-json"),
        Bytes(testDescription: "a duplicate key", bytes: [0, 0, 0, 15] + #"{"id":1,"id":2}"#.utf8, code: "bad-json"),
        Bytes(testDescription: "bad UTF-8", bytes: [0, 0, 0, 5, 0x7B, 0x22, 0xFF, 0x22, 0x7D], code: "bad-json"),
        Bytes(
            testDescription: "33 brackets", bytes: [0, 0, 0, 33] + [UInt8](repeating: UInt8(ascii: "["), count: 33),
            code: "bad-json"),
    ]

    func connect(_ farm: Farm) async throws -> Socket {
        try await Socket.connect(unix: farm.root + "/run/factoryd.sock", until: .in(.seconds(30)))
    }

    /// What the daemon answers until it closes the connection.
    func answer(on socket: Socket, within limit: Duration = .seconds(20)) async throws -> String {
        var bytes: [UInt8] = []
        let deadline = Deadline.in(limit)
        while true {
            do throws(IOError) {
                let more = try await socket.read(upTo: 65_536, until: deadline)
                if more.isEmpty { break }
                bytes += more
            } catch {
                if error.code == .peerGone { break }
                throw error
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test("garbage is refused with its reason, and the farm goes on")
    func garbage() async throws {
        try await Farm.with(agent: false) { farm in
            for garbage in Self.garbage {
                let socket = try await connect(farm)
                try await socket.write(garbage.bytes, until: .in(.seconds(30)))
                let said = try await answer(on: socket)
                #expect(said.contains("\"refused\""), "\(garbage.testDescription): \(said)")
                #expect(said.contains("\"\(garbage.code)\""), "\(garbage.testDescription): \(said)")
            }
            try await farm.expectAlive()
        }
    }

    @Test("half a frame, silence, and a byte a second are let go in time")
    func slow() async throws {
        try await Farm.with(agent: false) { farm in
            // Half a frame, then the end of writing.
            let half = try await connect(farm)
            try await half.write([0, 0, 0, 50] + [UInt8]("{\"type\":".utf8), until: .in(.seconds(30)))
            half.finishWriting()
            _ = try await answer(on: half)

            // Nothing at all: the first frame must come within 2 s.
            let silent = try await connect(farm)
            let begin = ContinuousClock.now
            _ = try await answer(on: silent, within: .seconds(20))
            #expect(ContinuousClock.now - begin < .seconds(20))

            // A byte a second, which never makes a frame in time.
            let slow = try await connect(farm)
            let ended = await eventually(within: .seconds(30)) {
                do {
                    try await slow.write([0], until: .in(.seconds(1)))
                    try await Poller.shared.sleep(until: .in(.milliseconds(500)))
                    return false
                } catch {
                    return true
                }
            }
            #expect(ended, "a peer that sends a byte at a time is still connected after 30 s")
            try await farm.expectAlive()
        }
    }

    @Test("a frame over 1 MiB after welcome ends that connection only")
    func oversize() async throws {
        try await Farm.with(agent: false) { farm in
            let socket = try await connect(farm)
            let connection = FrameConnection(socket)
            _ = try await connection.greet(Farm.hello)
            try await socket.write([0x00, 0x10, 0x00, 0x01], until: .in(.seconds(30)))
            let said = try await answer(on: socket)
            #expect(said.contains("frame-too-large"), "\(said)")
            try await farm.expectAlive()
        }
    }

    @Test("an unknown type is answered with an error, and the connection lives on")
    func unknownType() async throws {
        try await Farm.with(agent: false) { farm in
            let session = try await farm.session()
            let error = await #expect(throws: ClientError.self) {
                _ = try await session.request(Nonsense(), for: StatusReport.self)
            }
            #expect(error?.reason == "unknown-type")
            _ = try await session.request(AskStatus(), for: StatusReport.self)
        }
    }

    private struct Nonsense: Message { static let type = "make-coffee" }

    @Test("a watcher that never reads slows nobody: the build ends, and another watcher sees all of it")
    func watcherThatNeverReads() async throws {
        try await Farm.with { farm in
            let build = try await farm.submit(["seconds": 4, "linesPerSecond": 1_000]).build
            let lazy = try await farm.session()
            try await lazy.send(Watch(build: build, from: 1, logs: true, follow: true), id: 77)
            let watched = try await Watched.whole(build, of: farm, within: .seconds(60))
            watched.expectWhole()
            #expect(watched.verdict?.result == .succeeded)
            #expect(watched.lines(of: "children").count == 4_000)
            lazy.close()
        }
    }

    @Test("a second factoryd on the same root is refused, and the first one goes on")
    func secondDaemon() async throws {
        try await Farm.with(agent: false) { farm in
            var said = ""
            let status = try await Command(Program.path("factoryd"), ["--root", farm.root])
                .run(until: .in(.seconds(20))) { said += $0.text + "\n" }
            #expect(!status.isSuccess)
            #expect(said.contains("another factoryd"), "\(said)")
            try await farm.expectAlive()
        }
    }

    @Test("a user without rights is told so", .enabled(if: geteuid() == 0, "needs root to become nobody"))
    func withoutRights() async throws {
        try await Farm.with(agent: false) { farm in
            // The folder is the test's own; only the question of rights is asked here, so everybody may come near.
            chmod(farm.root, 0o755)
            chmod(farm.root + "/run", 0o755)
            chmod(farm.root + "/run/factoryd.sock", 0o666)
            let words = ["-u", "nobody", "--", Program.path("factoryctl"), "--root", farm.root, "status"]
            var said = ""
            let status = try await Command("runuser", words).run(until: .in(.seconds(20))) { said += $0.text + "\n" }
            #expect(!status.isSuccess)
            #expect(said.contains("not-allowed") || said.contains("no right"), "\(said)")
        }
    }
}
