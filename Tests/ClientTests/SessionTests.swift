import FactoryClient
import FactoryProtocol
import IO
import Testing

@Suite struct SessionTests {
    private static func open(_ farm: FakeFarm) async throws -> FarmSession {
        try await FarmSession.open(farm.endpoint, hello: FakeFarm.hello, until: .in(.seconds(20)))
    }

    private static func code(_ body: () async throws -> Void) async -> (String?, String?) {
        do {
            try await body()
            return (nil, nil)
        } catch {
            return ((error as? ClientError)?.code.rawValue, (error as? ClientError)?.reason)
        }
    }

    @Test func aRequestGetsItsOwnAnswer() async throws {
        let count = try await FakeFarm.with([
            { peer in
                try await peer.welcome()
                let incoming = try await peer.receive()
                #expect(incoming.type == "list")
                // A push and a late answer to something else come first.
                try await peer.send(Heartbeat())
                try await peer.send(WorkerList(workers: []), id: 999)
                try await peer.send(Builds(builds: []), id: incoming.id)
            }
        ]) { farm in
            let session = try await Self.open(farm)
            #expect(session.welcome.server == "fake 1")
            return try await session.request(ListBuilds(), for: Builds.self).builds.count
        }
        #expect(count == 0)
    }

    @Test func whatTheServerSaysBeforeItsAnswerIsKept() async throws {
        let seen = try await FakeFarm.with([
            { peer in
                try await peer.welcome()
                let incoming = try await peer.receive()
                try await peer.send(Drain())
                try await peer.send(Heartbeat())
                try await peer.send(CancelJob(job: JobID("b.j"), fence: Fence(1), reason: "root asked"))
                try await peer.send(Builds(builds: []), id: incoming.id)
                try await peer.send(Done())
            }
        ]) { farm in
            let session = try await Self.open(farm)
            _ = try await session.request(ListBuilds(), for: Builds.self)
            var seen: [String] = []
            for _ in 0..<3 { seen.append(try await session.receive(until: .in(.seconds(20))).type) }
            return seen
        }
        #expect(seen == ["drain", "cancel", "done"])
    }

    @Test func aServerThatTalksAndNeverAnswersIsNotHeardForEver() async throws {
        try await FakeFarm.with([
            { peer in
                try await peer.welcome()
                _ = try await peer.receive()
                while true { try await peer.send(Drain()) }
            }
        ]) { farm in
            let session = try await Self.open(farm)
            let answer = await Self.code { _ = try await session.request(ListBuilds(), for: Builds.self) }
            #expect(answer.0 == "bad-reply")
        }
    }

    @Test func anErrorReplyIsThrownWithAllItsProblems() async throws {
        try await FakeFarm.with([
            { peer in
                try await peer.welcome()
                let incoming = try await peer.receive()
                let problem = Problem(path: "arch", line: 3, code: "unknown-arch", message: "no arch \"x\"")
                try await peer.send(
                    ErrorReply(code: "bad-spec", message: "2 problems", problems: [problem]), id: incoming.id)
            }
        ]) { farm in
            let session = try await Self.open(farm)
            let error = await #expect(throws: ClientError.self) {
                try await session.request(ListBuilds(), for: Builds.self)
            }
            #expect(error?.code == .rejected && error?.reason == "bad-spec" && error?.problems.first?.line == 3)
        }
    }

    @Test func aRefusalIsSaidWithTheServersWord() async throws {
        try await FakeFarm.with([
            { peer in
                _ = try await peer.receive()
                try await peer.send(Refused(code: "no-common-version", message: "too old"))
            }
        ]) { farm in
            let answer = await Self.code { _ = try await Self.open(farm) }
            #expect(answer == ("refused", "no-common-version"))
        }
    }

    static let bad: [(String, [UInt8])] = [
        ("connection-lost", []), ("connection-lost", [0, 0, 0, 9, 1]), ("bad-reply", [0xFF, 0xFF, 0xFF, 0xFF]),
        ("bad-reply", [0, 0, 0, 2] + Array("[]".utf8)), ("bad-reply", [0, 0, 0, 2] + Array("{}".utf8)),
        ("bad-reply", [0, 0, 0, 14] + Array(#"{"type":"done"}"#.utf8)), ("bad-reply", [0, 0, 0, 0]),
    ]

    @Test(arguments: bad)
    func nonsenseFromTheServerIsAnErrorOfItsOwn(code: String, bytes: [UInt8]) async throws {
        try await FakeFarm.with([
            { peer in
                _ = try await peer.receive()
                try await peer.socket.write(bytes, until: .in(.seconds(20)))
            }
        ]) { farm in
            let answer = await Self.code { _ = try await Self.open(farm) }
            #expect(answer.0 == code)
        }
    }

    @Test func aServerThatSaysNothingIsTimedOut() async throws {
        try await FakeFarm.with([
            { peer in
                _ = try await peer.receive(); _ = try await peer.receive()
            }
        ]) { farm in
            let answer = await Self.code {
                _ = try await FarmSession.open(farm.endpoint, hello: FakeFarm.hello, until: .in(.milliseconds(50)))
            }
            #expect(answer.0 == "timed-out")
        }
    }

    @Test func nobodyListening() async throws {
        let answer = await Self.code {
            _ = try await FarmSession.open(
                .unix(path: "/nonexistent/s"), hello: FakeFarm.hello, until: .in(.seconds(30)))
        }
        #expect(answer.0 == "cannot-connect")
    }

    @Test func framesOfManySendersStayWhole() async throws {
        let senders = 20
        try await FakeFarm.with([
            { peer in
                try await peer.welcome()
                var seen: Set<Int64> = []
                for _ in 0..<(senders * 20) {
                    let incoming = try await peer.receive()
                    #expect(try incoming.decode(CancelBuild.self).reason.utf8.count == 3000)
                    #expect(seen.insert(incoming.id ?? 0).inserted)
                }
                try await peer.send(Done())
            }
        ]) { farm in
            let session = try await Self.open(farm)
            let reason = String(repeating: "x", count: 3000)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<senders {
                    group.addTask {
                        for _ in 0..<20 {
                            try await session.send(
                                CancelBuild(build: BuildID("b"), reason: reason), id: session.nextID())
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await session.receive(until: .in(.seconds(20))).type == "done")
        }
    }

    @Test func aMessageThatIsTooLongIsNotSent() async throws {
        try await FakeFarm.with([
            { peer in
                try await peer.welcome(); _ = try await peer.receive()
            }
        ]) { farm in
            let session = try await Self.open(farm)
            let reason = String(repeating: "x", count: 1 << 20)
            let answer = await Self.code { try await session.send(CancelBuild(build: BuildID("b"), reason: reason)) }
            #expect(answer == ("bad-reply", "frame-too-large"))
        }
    }

    @Test func aWorkerRegistersAndResumes() async throws {
        try await FakeFarm.with([
            { peer in
                try await peer.welcome()
                let register = try await peer.receive()
                try await peer.send(Registered(worker: WorkerName("w1")), id: register.id)
                let resume = try await peer.receive()
                let held = try resume.decode(Resume.self).jobs
                try await peer.send(
                    Resumed(keep: held.map { KeptJob(job: $0.job, fence: $0.fence, ackedThrough: 3) }, drop: []),
                    id: resume.id)
                try await peer.send(Drain())
            }
        ]) { farm in
            let (session, resumed) = try await FarmSession.openWorker(
                farm.endpoint, hello: Hello(role: .worker, name: "w1", software: "test"),
                offer: Register(architectures: [.amd64], slots: 1, capabilities: [:], host: "h"),
                held: [HeldJob(job: JobID("b.j"), fence: Fence(4), through: 9)], until: .in(.seconds(20)))
            #expect(resumed.keep == [KeptJob(job: JobID("b.j"), fence: Fence(4), ackedThrough: 3)])
            #expect(try await session.receive(until: .in(.seconds(20))).type == "drain")
        }
    }
}
