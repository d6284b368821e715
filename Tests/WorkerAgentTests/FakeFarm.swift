import FactoryExecution
import FactoryProtocol
import FactorySpec
import FactoryWire
import Glibc
import HTTP
import IO
import JSON
import Processes
import TestSupport
import Testing

/// A farm of one test: it listens where factoryd would, and a test says each of its words.
final class FakeFarm: Sendable {
    let folder: TemporaryFolder
    let listener: Listener
    /// The only job. Control groups are named by jobs, and tests run side by side.
    let job = JobID("b.self-test-\(UInt32.random(in: 0...UInt32.max))")
    /// What the agents that came have offered.
    let offers = Locked<[Register]>([])
    private let agents = Locked<[ContainedProcess]>([])

    init() throws {
        folder = try TemporaryFolder()
        try Directory.make(folder.file("run"))
        listener = try Listener.unix(folder.file("run/factoryd.sock"))
        try FileIO.write(
            Array("# nothing but defaults\n".utf8), to: FileIO.open(folder.file("worker.yaml"), O_WRONLY | O_CREAT))
    }

    deinit {
        // One that is gone already is no matter here.
        for agent in agents.withLock({ $0 }) { try? agent.kill() }
        // Jobs outlive their agents, which is what is tested; a test that failed leaves them running.
        for spool in (try? Spool.all(in: spools)) ?? [] {
            if let holder = try? SpoolLock.holder(spool), holder > 0 { kill(holder, SIGKILL) }
        }
    }

    var spools: String { folder.file("worker/spool") }

    /// The spool of the only job.
    func spool() throws -> Spool { try #require(try Spool.all(in: spools).first) }

    /// Starts an agent for this farm; what it says is in `log`.
    ///
    /// `wrapper`: a program with its arguments that becomes the agent.
    func startAgent(
        log: String = "agent.log", through wrapper: [String] = [], _ options: [String] = []
    ) throws -> ContainedProcess {
        let words =
            wrapper + [BuiltPrograms.path("factory-worker"), "agent", "--root", folder.path, "--slots", "2"]
            + ["--name", "w1"] + options
        var command = Command(words[0], Array(words.dropFirst()))
        command.environment["FACTORY_WORKER_CONFIG"] = folder.file("worker.yaml")
        command.standardOutput = .file(folder.file(log))
        let plain = Containment(
            isolation: Isolation(processes: .processGroup, hasControlGroup: false), parentGroup: nil)
        let agent = try plain.start(command, name: "agent", hasOwnInit: true)
        agents.withLock { $0.append(agent) }
        return agent
    }

    /// What the agents of this test have said.
    func agentLog(_ name: String = "agent.log") throws -> String {
        try FileIO.readText(folder.file(name), limit: 1 << 20)
    }

    /// Runs `body` with a store at the address that assignments name.
    func withStore(
        _ handler: @escaping HTTPServer.Handler, _ body: () async throws -> Void
    ) async throws {
        let server = try HTTPServer(handler: handler)
        let listener = try Listener.unix(folder.file("run/http.sock"))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await server.run([listener]) }
            defer { group.cancelAll() }
            try await body()
        }
    }

    /// The next agent that connects, after the handshake and `register`; the test answers its `resume`.
    func worker(heartbeat: Double = 5) async throws -> (connection: FrameConnection, resume: Incoming) {
        let (connection, register) = try await unregistered(heartbeat: heartbeat)
        try await connection.send(Registered(worker: WorkerName("w1")), id: register.id)
        return (connection, try await connection.next(until: .in(.seconds(30))))
    }

    /// The next agent that connects; the test answers its `register`.
    func unregistered(heartbeat: Double = 5) async throws -> (connection: FrameConnection, register: Incoming) {
        let connection = FrameConnection(try await listener.accept(until: .in(.seconds(30))))
        let (hello, id, version) = try await connection.awaitHello(firstFrame: .seconds(30))
        #expect(hello.role == .worker)
        try await connection.send(
            Welcome(
                protocol: version, server: "fake", session: "s", heartbeatSeconds: heartbeat,
                frameLimit: FrameLimits.afterWelcome),
            id: id)
        connection.raiseLimit()
        let register = try await connection.next(until: .in(.seconds(30)))
        let offer: Register = try register.decode()
        #expect(offer.slots == 2)
        #expect(offer.capabilities["isolation"] != nil)
        offers.withLock { $0.append(offer) }
        return (connection, register)
    }

    /// The same for a worker that holds nothing.
    func idleWorker() async throws -> FrameConnection {
        let (connection, resume) = try await worker()
        #expect(try resume.decode(Resume.self).jobs == [])
        try await connection.send(Resumed(keep: [], drop: []), id: resume.id)
        return connection
    }

    /// A self test as an assignment.
    func assignment(
        _ test: SelfTest, fence: Int64 = 1, inputs: [Input] = [], localDirectory: String? = nil,
        timeoutSeconds: Int64 = 120
    ) throws -> Assign {
        try assignment(
            of: .selfTest(test), fence: fence, inputs: inputs, localDirectory: localDirectory,
            timeoutSeconds: timeoutSeconds)
    }

    /// Any work as an assignment.
    func assignment(
        of work: JobWork, fence: Int64 = 1, inputs: [Input] = [], localDirectory: String? = nil,
        timeoutSeconds: Int64 = 120
    ) throws -> Assign {
        let work = try StrictJSON.decode(JSONValue.self, from: try CanonicalJSON.encode(work))
        return Assign(
            job: job, attempt: 1, fence: Fence(fence), work: work, inputs: inputs,
            upload: Upload(
                url: "unix:" + folder.file("run/http.sock"), token: "secret", localDirectory: localDirectory),
            timeoutSeconds: timeoutSeconds)
    }
}

extension FrameConnection {
    /// Answers `resume` so that the worker keeps what it holds, of which the farm has the events up to that number.
    func keep(_ resume: Incoming, ackedThrough: Int64 = 0) async throws {
        let kept = try resume.decode(Resume.self).jobs.map {
            KeptJob(job: $0.job, fence: $0.fence, ackedThrough: ackedThrough)
        }
        try await send(Resumed(keep: kept, drop: []), id: resume.id)
    }

    /// The next message of that kind; heartbeats and messages of other kinds are passed over.
    func next<Body: Message>(_: Body.Type, within time: Duration = .seconds(30)) async throws -> Body {
        let deadline = Deadline.in(time)
        while true {
            let incoming = try await next(until: deadline)
            if incoming.type == Body.type { return try incoming.decode() }
        }
    }

    /// Acknowledges events until `condition` is true of one, or until `finished`; returns what came.
    func events(
        acknowledging: Bool = true, until condition: (Event) -> Bool = { _ in false }
    ) async throws -> (events: [Event], finished: Finished?) {
        let deadline = Deadline.in(.seconds(60))
        var all: [Event] = []
        while true {
            let incoming = try await next(until: deadline)
            switch incoming.type {
            case JobEvents.type:
                let message: JobEvents = try incoming.decode()
                all += message.events
                if acknowledging, let last = message.events.last {
                    try await send(Ack(job: message.job, fence: message.fence, through: last.seq))
                }
                if message.events.contains(where: condition) { return (all, nil) }
            case Finished.type: return (all, try incoming.decode())
            default: break
            }
        }
    }
}
