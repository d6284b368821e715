import FactoryExecution
import FactoryProtocol
import FactorySpec
import FactoryWire
import Glibc
import IO
import JSON
import Processes
import TestSupport
import Testing

/// A farm of one test: it listens where factoryd would, and a test says each of its words.
final class FakeFarm: Sendable {
    let folder: TemporaryFolder
    let listener: Listener
    private let log: Descriptor
    private let agents = Locked<[ContainedProcess]>([])

    init() throws {
        folder = try TemporaryFolder()
        try Directory.make(folder.file("run"))
        listener = try Listener.unix(folder.file("run/factoryd.sock"))
        log = try FileIO.open(folder.file("agent.log"), O_WRONLY | O_CREAT | O_APPEND)
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

    /// Starts an agent for this farm.
    func startAgent() throws -> ContainedProcess {
        var command = Command(
            BuiltPrograms.path("factory-worker"), ["agent", "--root", folder.path, "--slots", "2", "--name", "w1"])
        command.environment["FACTORY_WORKER_CONFIG"] = folder.file("worker.yaml")
        command.standardOutput = .descriptor(log.rawValue)
        let plain = Containment(
            isolation: Isolation(processes: .processGroup, hasControlGroup: false), parentGroup: nil)
        let agent = try plain.start(command, name: "agent", hasOwnInit: true)
        agents.withLock { $0.append(agent) }
        return agent
    }

    /// The next agent that connects, after the handshake and `register`; the test answers its `resume`.
    func worker(heartbeat: Double = 5) async throws -> (connection: FrameConnection, resume: Incoming) {
        let connection = FrameConnection(try await listener.accept(until: .in(.seconds(30))))
        let (hello, id, version) = try await connection.awaitHello()
        #expect(hello.role == .worker)
        try await connection.send(
            Welcome(
                protocol: version, server: "fake", session: "s", heartbeatSeconds: heartbeat,
                frameLimit: FrameLimits.afterWelcome),
            id: id)
        connection.raiseLimit()
        let register = try await connection.next(until: .in(.seconds(10)))
        let offer: Register = try register.decode()
        #expect(offer.slots == 2)
        #expect(offer.capabilities["isolation"] != nil)
        try await connection.send(Registered(worker: WorkerName("w1")), id: register.id)
        return (connection, try await connection.next(until: .in(.seconds(10))))
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
        _ test: SelfTest, fence: Int64 = 1, localDirectory: String? = nil
    ) throws -> Assign {
        let work = try StrictJSON.decode(JSONValue.self, from: try CanonicalJSON.encode(JobWork.selfTest(test)))
        return Assign(
            job: JobID("b.self-test"), attempt: 1, fence: Fence(fence), work: work,
            upload: Upload(
                url: "unix:" + folder.file("run/http.sock"), token: "secret", localDirectory: localDirectory),
            timeoutSeconds: 120)
    }
}

extension FrameConnection {
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
