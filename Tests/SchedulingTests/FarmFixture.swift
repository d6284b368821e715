import FactoryEvents
import FactoryProtocol
import FactoryQueue
import FactoryWire
import Glibc
import IO
import JSON
import TestSupport
import Testing

@testable import FactoryScheduling

/// A whole farm in one process, on a Unix socket of its own, with short times.
struct FarmFixture {
    let folder: TemporaryFolder
    let farm: Farm
    let kept = Locked<Set<Digest>>([])
    /// Blobs that the farm had hashed again.
    let verified = Locked<[Digest]>([])
    var socket: String { folder.file("s") }

    /// A farm in `folder`, a new one unless another is given: the next daemon on the same data.
    init(
        in folder: TemporaryFolder? = nil, log: FarmLog = .silent, _ change: (inout FarmSettings) -> Void = { _ in }
    ) throws {
        let folder = try folder ?? TemporaryFolder()
        self.folder = folder
        var settings = FarmSettings()
        settings.liveness = LivenessLimits(heartbeat: .seconds(1), dead: .seconds(60), grace: .seconds(60))
        settings.tick = .milliseconds(20)
        change(&settings)
        let (kept, verified) = (kept, verified)
        let policy = RetryPolicy(
            first: .milliseconds(20), longest: .milliseconds(100), afterDecline: .milliseconds(50))
        let store = try JobStore(
            path: folder.file("q.sqlite"), policy: policy, clock: { Timestamp.wall },
            isStored: { artifact in kept.withLock { $0.contains(artifact.digest) } })
        try Directory.make(folder.file("logs"))
        let access = StoreAccess(
            path: { "/blobs/\($0.hex)" },
            openIncoming: { "/incoming/\($0)" }, closeIncoming: { _ in }, reserve: { 12 << 20 },
            usage: { (store: 1, free: 2) }, verify: { digest in verified.withLock { $0.append(digest) } },
            url: "unix:/nowhere")
        farm = Farm(
            store: store, logs: EventLogs(folder: folder.file("logs")), access: access, root: folder.path,
            settings: settings, log: log)
    }

    /// Runs the farm beside the body; everything of it has ended when this returns.
    func run(
        policy: PeerPolicy = PeerPolicy(), mode: UInt32 = 0o600, names: UserNames = UserNames(),
        _ body: () async throws -> Void
    ) async throws {
        let listener = try Listener.unix(socket, mode: mode)
        let reception = Reception(farm: farm, policy: policy, names: names)
        try await farm.restore()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await farm.run() }
            group.addTask { await reception.run(listener) }
            defer {
                listener.close()
                group.cancelAll()
            }
            try await body()
        }
    }

    func connect() async throws -> FrameConnection {
        FrameConnection(try await Socket.connect(unix: socket, until: .in(.seconds(30))))
    }

    /// A client that is welcome.
    func client() async throws -> TestPeer {
        let connection = try await connect()
        _ = try await connection.greet(Hello(role: .client, name: "test", software: "test"))
        return TestPeer(connection: connection)
    }

    /// A worker that registered and resumed.
    func worker(
        _ name: String = "w1", slots: Int = 1, capabilities: [String: String] = ["isolation": "namespaces"],
        instance: String? = nil, holding: [HeldJob] = []
    ) async throws -> (peer: TestPeer, resumed: Resumed) {
        let peer = try await stranger(name)
        let offer = Register(
            architectures: [.amd64], slots: slots, capabilities: capabilities, host: "h", instance: instance)
        _ = try await peer.ask(offer, for: Registered.self)
        return (peer, try await peer.ask(Resume(jobs: holding), for: Resumed.self))
    }

    /// A worker that is welcome and has not registered.
    func stranger(_ name: String) async throws -> TestPeer {
        let connection = try await connect()
        _ = try await connection.greet(Hello(role: .worker, name: name, software: "test"))
        return TestPeer(connection: connection)
    }

    static func selfTest(seconds: Int64 = 1) -> JSONValue {
        .object(["selfTest": .object(["seconds": .integer(seconds)])])
    }

    /// Submits a self-test.
    func submit(_ client: TestPeer, key: String = "k") async throws -> Submitted {
        try await client.ask(Submit(spec: Self.selfTest(), idempotencyKey: key), for: Submitted.self)
    }
}

/// The other end of a connection, in a test.
struct TestPeer {
    let connection: FrameConnection

    /// The next message that is no heartbeat.
    func next() async throws -> Incoming {
        while true {
            let incoming = try await connection.next(until: .in(.seconds(20)))
            if incoming.type != Heartbeat.type { return incoming }
        }
    }

    /// The next message, which must be of this type.
    func expect<Body: Message>(_: Body.Type = Body.self) async throws -> Body {
        let incoming = try await next()
        if incoming.type == ErrorReply.type, Body.type != ErrorReply.type {
            throw try incoming.decode(ErrorReply.self)
        }
        return try incoming.decode()
    }

    func ask<Body: Message>(_ message: some Message, for: Body.Type = Body.self) async throws -> Body {
        try await connection.send(message, id: 7)
        return try await expect()
    }

    func say(_ message: some Message) async throws { try await connection.send(message) }

    /// Watches a build to its end.
    func watch(_ build: BuildID, from: Int64 = 1) async throws -> (events: [Event], verdict: Verdict) {
        try await connection.send(Watch(build: build, from: from), id: 9)
        var events: [Event] = []
        while true {
            let incoming = try await next()
            guard incoming.type == EventMessage.type else {
                return (events, try incoming.decode(WatchEnd.self).verdict)
            }
            events.append(try incoming.decode(EventMessage.self).event)
        }
    }
}

extension ErrorReply: Error {}

extension Timestamp {
    static var wall: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }
}
