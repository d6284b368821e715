import FactoryEvents
import FactoryProtocol
import FactoryWire
import Glibc
import IO
import JSON
import TestSupport
import Testing

@testable import FactoryScheduling

/// Peers that break the rules: each is let go with a reason, and the farm goes on.
@Suite(.timeLimit(.minutes(2)))
struct BadPeerTests {
    private static let hello =
        #"{"type":"hello","id":1,"protocol":{"min":1,"max":1},"role":"client","name":"n","#
        + #""software":"s","features":[]}"#

    private func frame(_ text: String) -> [UInt8] { Frame.bytes(Array(text.utf8)) }

    /// The code of the `refused` or `error` that ends a connection.
    private func lastWord(_ connection: FrameConnection) async throws -> String? {
        var code: String?
        do {
            while true {
                let incoming = try await connection.next(until: .in(.seconds(10)))
                if incoming.type == Refused.type { code = try incoming.decode(Refused.self).code }
                if incoming.type == ErrorReply.type { code = try incoming.decode(ErrorReply.self).code }
            }
        } catch let error as WireError {
            #expect(error.kind == .ended || error.kind == .broken, "\(error)")
        }
        return code
    }

    private static func text(_ text: String) -> [UInt8] { Frame.bytes(Array(text.utf8)) }

    private static let garbage: [(bytes: [UInt8], code: String)] = [
        (bytes: [0, 0, 0, 0], code: "empty-frame"),
        (bytes: [0, 0, 0x10, 0x01], code: "frame-too-large"),
        (bytes: [0xff, 0xff, 0xff, 0xff], code: "frame-too-large"),
        (bytes: [0, 0, 0, 3, 0x7b, 0x22, 0x7b], code: "bad-json"),
        (bytes: text("[]"), code: "bad-json"),
        (bytes: text(#"{"type":"hello","type":"hello"}"#), code: "bad-json"),
        (bytes: Frame.bytes([0x7b, 0x22, 0xff, 0x22, 0x7d]), code: "bad-json"),
        (bytes: text(#"{"type":"submit"}"#), code: "bad-message"),
        (bytes: text(#"{"type":"hello"}"#), code: "bad-message"),
        (bytes: Array("GET / HTTP/1.1\r\n\r\n".utf8), code: "frame-too-large"),
        (
            bytes: text(
                #"{"type":"hello","protocol":{"min":7,"max":9},"role":"client","name":"n","software":"s","#
                    + #""features":[]}"#), code: "no-common-version"
        ),
    ]

    @Test(arguments: garbage)
    func garbageBeforeTheHandshakeIsRefused(bytes: [UInt8], code: String) async throws {
        let fixture = try FarmFixture()
        try await fixture.run {
            let connection = try await fixture.connect()
            try await connection.socket.write(bytes, until: .in(.seconds(30)))
            #expect(try await lastWord(connection) == code)
            _ = try await fixture.client().ask(AskStatus(), for: StatusReport.self)
        }
    }

    @Test func silenceBeforeTheHandshakeIsCutOff() async throws {
        let fixture = try FarmFixture { $0.firstFrame = .milliseconds(100) }
        try await fixture.run {
            let connection = try await fixture.connect()
            #expect(try await lastWord(connection) == "too-slow")
        }
    }

    @Test func aPeerThatSendsAByteAtATimeIsCutOff() async throws {
        let fixture = try FarmFixture {
            $0.firstFrame = .seconds(20)
            $0.frame = .milliseconds(200)
        }
        try await fixture.run {
            let connection = try await fixture.connect()
            async let code = lastWord(connection)
            do throws(IOError) {
                for byte in frame(Self.hello) {
                    try await connection.socket.write([byte], until: .in(.seconds(30)))
                    try await Poller.shared.sleep(until: .in(.milliseconds(10)))
                }
            } catch {
                #expect(error.code == .peerGone)
            }
            #expect(try await code == "too-slow")
        }
    }

    @Test func halfAFrameEndsOneConnectionOnly() async throws {
        let fixture = try FarmFixture()
        try await fixture.run {
            let connection = try await fixture.connect()
            try await connection.socket.write(Array(frame(Self.hello).dropLast(3)), until: .in(.seconds(30)))
            connection.socket.finishWriting()
            #expect(try await lastWord(connection) == "half-frame")
        }
    }

    @Test func afterTheHandshakeTooLargeAFrameEndsTheConnectionAndAnUnknownTypeDoesNot() async throws {
        let fixture = try FarmFixture()
        try await fixture.run {
            let client = try await fixture.client()
            try await client.connection.send(frame: frame(#"{"type":"dance","id":3}"#))
            let error: ErrorReply = try await client.expect()
            #expect(error.code == "unknown-type")
            try await client.connection.send(frame: frame(#"{"type":"submit","id":4,"spec":7}"#))
            let incomplete: ErrorReply = try await client.expect()
            #expect(incomplete.code == "bad-message")
            _ = try await client.ask(AskStatus(), for: StatusReport.self)
            try await client.connection.socket.write([0, 0x10, 0, 1], until: .in(.seconds(30)))
            #expect(try await lastWord(client.connection) == "frame-too-large")
        }
    }

    @Test func aWorkerThatDoesNotRegisterIsCutOff() async throws {
        let fixture = try FarmFixture { $0.handshake = .milliseconds(200) }
        try await fixture.run {
            let connection = try await fixture.connect()
            _ = try await connection.greet(Hello(role: .worker, name: "w1", software: "s"))
            #expect(try await lastWord(connection) == "too-slow")
        }
    }

    @Test(arguments: ["", ".hidden", "a/b", String(repeating: "x", count: 65)])
    func aWorkersNameIsChecked(name: String) async throws {
        let fixture = try FarmFixture()
        try await fixture.run {
            let connection = try await fixture.connect()
            let error = await #expect(throws: RefusedByServer.self) {
                try await connection.greet(Hello(role: .worker, name: name, software: "s"))
            }
            #expect(error?.code == "bad-name")
        }
    }

    @Test func tooManyConnectionsOfOneUserAreRefused() async throws {
        let fixture = try FarmFixture { $0.connectionsOfOneUser = 2 }
        try await fixture.run {
            let first = try await fixture.client()
            let second = try await fixture.client()
            let third = try await fixture.connect()
            let error = await #expect(throws: RefusedByServer.self) {
                try await third.greet(Hello(role: .client, name: "n", software: "s"))
            }
            #expect(error?.code == "too-many-connections")
            for peer in [first, second] { _ = try await peer.ask(AskStatus(), for: StatusReport.self) }
        }
    }

    @Test func aWatcherThatNeverReadsIsLetGoAndSlowsNobody() async throws {
        let fixture = try FarmFixture { $0.send = .milliseconds(300) }
        try await fixture.run {
            let deaf = try await fixture.client()
            let client = try await fixture.client()
            let build = try await fixture.submit(client).build
            try await deaf.say(Watch(build: build, from: 1))
            let log = try await fixture.farm.logs.log(of: build)
            let text = String(repeating: "x", count: 2000)
            for seq in Int64(1)...2000 {
                let event = Event(seq: seq, at: .wall, kind: .log(LogLine(text: text)))
                _ = try await log.append([event], job: JobID("\(build).self-test-amd64"), attempt: 1)
            }
            _ = try await client.ask(AskStatus(), for: StatusReport.self)
            try await deaf.connection.socket.waitForHangup(until: .in(.seconds(20)))
        }
    }

    @Test func aSlowWatcherIsToldThatItLagsAndFindsEverythingAgain() async throws {
        let fixture = try FarmFixture { $0.lag = 100 }
        try await fixture.run {
            let client = try await fixture.client()
            let build = try await fixture.submit(client).build
            let slow = try await fixture.client()
            try await slow.connection.send(Watch(build: build, from: 1), id: 5)
            // The first event is there: from here on it watches live.
            let first: EventMessage = try await slow.expect()
            #expect(first.event.seq == 1)
            let log = try await fixture.farm.logs.log(of: build)
            let text = String(repeating: "x", count: 2000)
            let job = JobID("\(build).self-test-amd64")
            var next: Int64 = 2
            var lagged: Int64?
            var number: Int64 = 0
            while lagged == nil {
                for _ in 0..<500 {
                    number += 1
                    let event = Event(seq: number, at: .wall, kind: .log(LogLine(text: text)))
                    _ = try await log.append([event], job: job, attempt: 1)
                }
                // To the end: a watch that had not caught up when the events came has then, and lags the next time.
                while lagged == nil, next <= log.lastSeq {
                    let incoming = try await slow.next()
                    if incoming.type == Lagged.type {
                        lagged = try incoming.decode(Lagged.self).next
                    } else {
                        #expect(try incoming.decode(EventMessage.self).event.seq == next)
                        next += 1
                    }
                }
            }
            #expect(lagged == next)
            try await slow.connection.send(Watch(build: build, from: next, follow: false), id: 6)
            for seq in next...log.lastSeq {
                let message: EventMessage = try await slow.expect()
                #expect(message.event.seq == seq)
            }
            let end: CaughtUp = try await slow.expect()
            #expect(end.next == log.lastSeq + 1)
        }
    }

    private static let rightsTable: [(user: UInt32, groups: [UInt32], rights: PeerRights)] = [
        (user: 0, groups: [], rights: .all),
        (user: 1000, groups: [1000], rights: []),
        (user: 1000, groups: [1000, 50], rights: [.read, .submit]),
        (user: 1000, groups: [60], rights: [.read, .submit, .administer]),
        (user: 70, groups: [70], rights: [.work]),
        (user: 71, groups: [71], rights: .all),
    ]

    @Test(arguments: rightsTable)
    func rightsFollowFromUserAndGroups(user: UInt32, groups: [UInt32], rights: PeerRights) {
        var policy = PeerPolicy()
        policy.userGroups = [50]
        policy.adminGroups = [60]
        policy.workers = [70]
        policy.ownUser = 71
        #expect(policy.rights(user: user, groups: groups) == rights)
    }

    @Test(.enabled(if: geteuid() == 0, "needs root: another user connects"))
    func aPeerWithoutRightsIsRefused() async throws {
        let fixture = try FarmFixture()
        #expect(chmod(fixture.folder.path, 0o755) == 0)
        try await fixture.run(mode: 0o666) {
            await #expect(processExitsWith: .success) { [socket = fixture.socket as String] in
                setgroups(0, nil)
                setgid(65534)
                setuid(65534)
                for role in Role.allCases {
                    let connection = FrameConnection(try await Socket.connect(unix: socket, until: .in(.seconds(30))))
                    do {
                        _ = try await connection.greet(Hello(role: role, name: "n", software: "s"))
                        exit(1)
                    } catch let error as RefusedByServer {
                        if error.code != "not-allowed" { exit(2) }
                    }
                }
                exit(0)
            }
        }
    }
}
