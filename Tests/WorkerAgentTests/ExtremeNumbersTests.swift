import FactoryProtocol
import FactorySpec
import FactoryWire
import Glibc
import IO
import JSON
import Processes
import TestSupport
import Testing

/// Whatever number a farm sends in whatever field, the agent and its jobs live, and say what they cannot take.
@Suite(.timeLimit(.minutes(3)))
struct ExtremeNumbersTests {
    private static let extremes: [Int64] = [0, -1, .min, .max]
    /// The job of the document's examples.
    private static let documented = "01K8ZQ6T5X0000000000000000.image-amd64"

    private static func examples(_ type: String, _ direction: String) throws -> [ProtocolExample] {
        try ProtocolExample.all().filter { $0.heading == "`\(type)` (\(direction))" }
    }

    private static func say(_ text: String, over connection: FrameConnection) async throws {
        try await connection.send(frame: Frame.bytes(Array(text.utf8)))
    }

    /// Says what no agent understands, and waits for its answer.
    private static func ping(_ connection: FrameConnection, _ number: Int) async throws {
        let job = "b.ping-\(number)"
        try await connection.send(AgentTests.OddAssign(fields: ["job": .string(job), "fence": 1, "attempt": "first"]))
        while try await connection.next(Declined.self).job.rawValue != job {}
    }

    @Test(
        "In a message about a job that runs",
        arguments: [
            ("ack", "server → worker"), ("settled", "server → worker"), ("superseded", "server → worker"),
            ("cancel", "server → worker"), ("drain", "server → worker"), ("heartbeat", "worker → server"),
            ("error", "server → peer"), ("registered", "server → worker"), ("resumed", "server → worker"),
        ])
    func running(type: String, direction: String) async throws {
        let examples = try Self.examples(type, direction)
        #expect(!examples.isEmpty, "the document has no \(type)")
        let farm = try FakeFarm()
        let agent = try farm.startAgent()
        let connection = try await farm.idleWorker()
        try await connection.send(
            try farm.assignment(SelfTest(seconds: 600, linesPerSecond: 50, megabytes: 0), fence: 7))
        _ = try await connection.next(Accepted.self)
        _ = try await connection.next(JobEvents.self)
        for (number, text) in examples.flatMap({ $0.replacingEachNumber(with: Self.extremes) }).enumerated() {
            try await Self.say(text.replacing(Self.documented, with: farm.job.rawValue), over: connection)
            try await Self.ping(connection, number)
        }
        // Its job goes on, or ends as it is told to.
        try await connection.send(CancelJob(job: farm.job, fence: Fence(7), reason: "the end"))
        let (_, finished) = try await connection.events()
        guard case .cancelled = finished?.outcome else {
            Issue.record("\(String(describing: finished))")
            return
        }
        try agent.kill()
    }

    /// A message of the beginning with a number replaced.
    struct Beginning: Sendable, CustomTestStringConvertible {
        let type: String
        let text: String
        var testDescription: String { text }

        /// Empty where the document cannot be read, which another test finds.
        static let all = ["welcome", "registered", "resumed"].flatMap { type in
            let examples = try? examples(type, type == "welcome" ? "server → peer" : "server → worker")
            return (examples ?? []).flatMap { $0.replacingEachNumber(with: extremes) }.map {
                Beginning(type: type, text: $0)
            }
        }
    }

    @Test("The document has the messages of the beginning")
    func documented() {
        #expect(Set(Beginning.all.map(\.type)).count == 3)
    }

    @Test("In a message of the beginning, while a job runs", arguments: Beginning.all)
    func beginning(_ beginning: Beginning) async throws {
        let farm = try FakeFarm()
        let agent = try farm.startAgent()
        let first = try await farm.idleWorker()
        try await first.send(try farm.assignment(SelfTest(seconds: 600, linesPerSecond: 50, megabytes: 0), fence: 7))
        _ = try await first.next(Accepted.self)
        _ = try await first.next(JobEvents.self)
        first.close()
        let id = ["welcome": 1, "registered": 2][beginning.type] ?? 3
        try await begin(
            farm, beginning.type, beginning.text.replacing(Self.documented, with: farm.job.rawValue),
            answersID: beginning.text.contains("\"id\": \(id),"))
        // Whatever it did with that connection, it comes again and has its job, unless the farm took it away.
        let (again, resume) = try await farm.worker()
        let held = try resume.decode(Resume.self).jobs.map(\.job)
        #expect(held == [farm.job] || (held.isEmpty && beginning.type == "resumed"), "\(held)")
        try await again.keep(resume)
        try await Self.ping(again, 0)
        try agent.kill()
    }

    /// One connection whose beginning has that text in it, until the agent says what follows or leaves.
    private func begin(_ farm: FakeFarm, _ type: String, _ text: String, answersID: Bool) async throws {
        let connection = FrameConnection(try await farm.listener.accept(until: .in(.seconds(60))))
        defer { connection.close() }
        let (_, id, version) = try await connection.awaitHello(firstFrame: .seconds(30))
        do throws(WireError) {
            if type == "welcome" {
                try await connection.send(frame: Frame.bytes(Array(text.utf8)))
            } else {
                try await connection.send(
                    Welcome(
                        protocol: version, server: "fake", session: "s", heartbeatSeconds: 5,
                        frameLimit: FrameLimits.afterWelcome), id: id)
                connection.raiseLimit()
                let register = try await connection.next(until: .in(.seconds(30)))
                if type == "registered" {
                    try await connection.send(frame: Frame.bytes(Array(text.utf8)))
                } else {
                    try await connection.send(Registered(worker: WorkerName("w1")), id: register.id)
                    _ = try await connection.next(until: .in(.seconds(30)))
                    try await connection.send(frame: Frame.bytes(Array(text.utf8)))
                }
            }
            // To an answer with another id it waits on; else it says the next word, or leaves.
            if answersID { _ = try await connection.next(until: .in(.seconds(30))) }
        } catch {
            #expect(error.kind == .ended || error.kind == .broken, "\(text): \(error)")
        }
    }

    @Test(
        "In an assignment",
        arguments: [
            ["attempt"], ["fence"], ["workFormat"], ["timeoutSeconds"], ["sourceDateEpoch"], ["work", "seconds"],
            ["work", "linesPerSecond"], ["work", "megabytes"], ["work", "scratchMegabytes"],
            ["inputs", "artifact", "size"], ["upload", "reserveBytes"],
        ])
    func assignment(path: [String]) async throws {
        // Numbers of the document's example: attempt, fence, workFormat, size, reserveBytes, timeoutSeconds.
        let documented = try Self.examples("assign", "server → worker").map { $0.replacingEachNumber(with: [0]).count }
        #expect(documented == [6], "a number was added to assign: drive it here")
        let farm = try FakeFarm()
        let agent = try farm.startAgent()
        let connection = try await farm.idleWorker()
        let artifact = Artifact(
            name: "a", role: .consoleLog, digest: Digest(hash: [UInt8](repeating: 1, count: 32)), size: 1,
            mediaType: "text/plain")
        let hasInput = path.first == "inputs"
        for (index, extreme) in Self.extremes.enumerated() {
            var assign = try farm.assignment(
                SelfTest(seconds: 1, linesPerSecond: 1, megabytes: 0, failure: "spec"), fence: Int64(index + 1),
                inputs: hasInput ? [Input(artifact: artifact, localPath: "/dev/null")] : [])
            assign.sourceDateEpoch = 1
            // Only beside it a reserve means something.
            if path.first == "upload" { assign.upload.localDirectory = farm.folder.path }
            let json = try StrictJSON.decode(JSONValue.self, from: try CanonicalJSON.encode(assign))
            guard case .object(let fields) = Self.setting(json, path[...], to: extreme) else { return }
            try await connection.send(AgentTests.OddAssign(fields: fields))
            try await end(of: farm, over: connection, hasInput: hasInput)
            try await Self.ping(connection, index)
        }
        try agent.kill()
    }

    /// Until the job is declined, or has ended by itself. One whose input nobody has is taken back.
    private func end(of farm: FakeFarm, over connection: FrameConnection, hasInput: Bool) async throws {
        while true {
            let incoming = try await connection.next(until: .in(.seconds(60)))
            switch incoming.type {
            case Declined.type: return
            case Accepted.type where hasInput:
                let accepted: Accepted = try incoming.decode()
                return try await connection.send(Superseded(job: accepted.job, fence: accepted.fence))
            case JobEvents.type:
                let message: JobEvents = try incoming.decode()
                guard let last = message.events.last else { continue }
                try await connection.send(Ack(job: message.job, fence: message.fence, through: last.seq))
            case Finished.type:
                let finished: Finished = try incoming.decode()
                guard case .failed(let failure) = finished.outcome else {
                    Issue.record("\(finished)")
                    return
                }
                #expect(failure.code != "job-process-lost" && !failure.message.contains("signal"), "\(failure)")
                return try await connection.send(Settled(job: finished.job, fence: finished.fence))
            default: continue
            }
        }
    }

    /// The value with that number at a path of keys; the only element of an array is gone through.
    private static func setting(_ value: JSONValue, _ path: ArraySlice<String>, to number: Int64) -> JSONValue {
        guard let key = path.first else { return .integer(number) }
        switch value {
        case .object(var fields):
            fields[key] = setting(fields[key] ?? .null, path.dropFirst(), to: number)
            return .object(fields)
        case .array(let elements): return .array(elements.map { setting($0, path, to: number) })
        default: return setting(.object([:]), path, to: number)
        }
    }
}
