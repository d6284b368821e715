import Glibc
import HTTP
import IO
import Testing

/// A server on a port of the kernel's choice, for one test.
struct Fixture: Sendable {
    let server: HTTPServer
    let address: String
    let errors = Locked<[String]>([])

    /// Runs `body` with a server, then shuts it down.
    static func run(
        limits: HTTPServer.Limits = HTTPServer.Limits(), _ handler: @escaping HTTPServer.Handler,
        _ body: @escaping @Sendable (Fixture) async throws -> Void
    ) async throws {
        // As every program of ours does: a peer that is gone is an error of the write, not the end of all tests.
        signal(SIGPIPE, SIG_IGN)
        let errors = Locked<[String]>([])
        let server = try HTTPServer(
            limits: limits, onError: { error in errors.withLock { $0.append("\(error)") } }, handler: handler)
        let listener = try Listener.tcp("127.0.0.1:0")
        let fixture = Fixture(server: server, address: listener.address.description)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await server.run([listener]) }
            group.addTask {
                defer { server.shutdown(grace: .seconds(5)) }
                try await body(fixture)
            }
            try await group.waitForAll()
        }
        #expect(errors.withLock { $0 } == [])
    }

    /// A new connection.
    func connect() async throws -> Peer {
        Peer(try await Socket.connect(tcp: address, until: .in(.seconds(10))))
    }

    /// What the server says to these bytes until it closes or has said as much as one answer.
    func exchange(_ text: String) async throws -> Answer {
        let peer = try await connect()
        try await peer.send(text)
        return try await peer.answer()
    }
}

/// The other end of a connection, which speaks bytes.
final class Peer: Sendable {
    let socket: Socket
    private let rest = Locked<[UInt8]>([])

    init(_ socket: Socket) { self.socket = socket }

    func send(_ text: String) async throws {
        try await socket.write(Array(text.utf8), until: .in(.seconds(10)))
    }

    /// One more answer; its body by Content-Length or chunks, or to the end.
    func answer(toHead: Bool = false) async throws -> Answer {
        let head = String(decoding: try await bytes(through: "\r\n\r\n"), as: UTF8.self)
        var lines = head.split(separator: "\r\n").map(String.init)
        let first = lines.isEmpty ? "" : lines.removeFirst()
        let status = Int(first.split(separator: " ").dropFirst().first ?? "") ?? 0
        var fields = HTTPFields()
        for line in lines {
            let parts = line.split(separator: ":", maxSplits: 1)
            fields.append(String(parts[0]), String(parts[1].dropFirst()))
        }
        var body: [UInt8] = []
        if toHead || status == 304 || status == 204 || status == 100 {
        } else if let length = fields["Content-Length"].flatMap({ Int($0) }) {
            body = try await bytes(length)
        } else if fields["Transfer-Encoding"] == "chunked" {
            while true {
                let line = String(decoding: try await bytes(through: "\r\n").dropLast(2), as: UTF8.self)
                let size = try #require(Int(line, radix: 16))
                body += try await bytes(size)
                _ = try await bytes(2)
                if size == 0 { break }
            }
        } else {
            body = try await all()
        }
        return Answer(status: status, fields: fields, body: body)
    }

    /// Whether the server has closed.
    func isClosed() async throws -> Bool {
        try await all().isEmpty
    }

    func bytes(_ count: Int) async throws -> [UInt8] {
        while rest.withLock({ $0.count }) < count { try await more() }
        return rest.withLock { rest in
            defer { rest.removeFirst(count) }
            return Array(rest.prefix(count))
        }
    }

    func bytes(through end: String) async throws -> [UInt8] {
        let end = Array(end.utf8)
        var from = 0
        while true {
            let found = rest.withLock { rest -> Int? in
                guard rest.count >= end.count else { return nil }
                return (from...(rest.count - end.count)).first { rest[$0..<$0 + end.count].elementsEqual(end) }
            }
            if let found { return try await bytes(found + end.count) }
            from = max(0, rest.withLock { $0.count } - end.count)
            try await more()
        }
    }

    private func all() async throws -> [UInt8] {
        while true {
            do { try await more() } catch is Ended { return rest.withLock { $0 } }
        }
    }

    private func more() async throws {
        let bytes = try await socket.read(upTo: 65536, until: .in(.seconds(10)))
        if bytes.isEmpty { throw Ended() }
        rest.withLock { $0 += bytes }
    }

    struct Ended: Error {}
}

struct Answer: Sendable {
    let status: Int
    let fields: HTTPFields
    let body: [UInt8]
    var text: String { String(decoding: body, as: UTF8.self) }
}
