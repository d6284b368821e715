import Crypto
import FactoryExecution
import FactoryProtocol
import FactorySpec
import FactoryWire
import Glibc
import HTTP
import IO
import JSON
import Processes
import Systemd
import TestSupport
import Testing

@testable import factory_worker

/// What passes between a worker and the store, over a store whose every answer is the test's.
@Suite(.timeLimit(.minutes(3)))
struct DeliveryTests {
    static func failure(_ finished: Finished?) -> Failure? {
        if case .failed(let failure) = finished?.outcome { failure } else { nil }
    }

    @Test("Artifacts come to the store, by a move on the same host and else over HTTP", arguments: [false, true])
    func delivering(moved: Bool) async throws {
        let farm = try FakeFarm()
        let incoming = farm.folder.file("incoming")
        try Directory.make(incoming)
        let received = Locked<[String]>([])
        try await farm.withStore { request in
            guard request.bearerToken == "secret" else { return .text("no", status: .unauthorized) }
            guard request.method == .put else { return .text("none yet", status: .notFound) }
            let digest = request.path.split(separator: "/").last.map(String.init) ?? ""
            let bytes =
                if let name = request.fields["Factory-Moved"] {
                    try FileIO.read(incoming + "/" + name, limit: 4 << 20)
                } else { try await request.body.limited(to: 4 << 20).collect() }
            received.withLock { $0.append("\(digest) \("sha256:" + SHA256.hex(of: bytes) == digest) \(bytes.count)") }
            return HTTPResponse(.created)
        } _: {
            let agent = try farm.startAgent()
            let connection = try await farm.idleWorker()
            try await connection.send(
                try farm.assignment(
                    SelfTest(seconds: 1, linesPerSecond: 1, megabytes: 2), localDirectory: moved ? incoming : nil))
            let (_, finished) = try await connection.events()
            #expect(finished?.outcome == .succeeded)
            let digest = try #require(finished?.artifacts.first?.digest)
            #expect(received.withLock { $0 } == ["\(digest) true \(2 << 20)"])
            #expect(try Directory.entries(incoming).count == (moved ? 1 : 0))
            try agent.kill()
        }
    }

    @Test("A store that dies after it took a moved file, before it said so, costs no attempt")
    func lostAnswer() async throws {
        let farm = try FakeFarm()
        let incoming = farm.folder.file("incoming")
        let taken = farm.folder.file("taken")
        try Directory.make(incoming)
        try await farm.withStore { request in
            if request.method == .put, let name = request.fields["Factory-Moved"] {
                try FileIO.rename(incoming + "/" + name, to: taken)
                throw Died()
            }
            // As factoryd does it: what is whole is published when it is asked for.
            return HTTPResponse(try FileIO.status(taken) == nil ? .notFound : .ok)
        } _: {
            let agent = try farm.startAgent()
            let connection = try await farm.idleWorker()
            try await connection.send(
                try farm.assignment(
                    SelfTest(seconds: 1, linesPerSecond: 1, megabytes: 1), localDirectory: incoming))
            let (_, finished) = try await connection.events()
            #expect(finished?.outcome == .succeeded)
            #expect(finished?.artifacts.count == 1)
            try agent.kill()
        }
    }

    @Test(
        "What is moved to the store belongs to the store's user, but for what has a second name here",
        .enabled(if: geteuid() == 0, "files change their owner: needs root"))
    func givenFile() throws {
        let folder = try TemporaryFolder()
        let incoming = folder.file("incoming")
        try Directory.make(incoming)
        try #require(chown(incoming, 12_345, 12_346) == 0)
        for name in ["alone", "layer"] { try AtomicFile.write([1], to: folder.file(name)) }
        try #require(link(folder.file("layer"), folder.file("kept")) == 0)
        try #require(symlink(folder.file("layer"), folder.file("link")) == 0)
        for name in ["alone", "layer", "link", "missing"] { Delivery.give(folder.file(name), toOwnerOf: incoming) }
        let alone = try #require(try FileIO.status(folder.file("alone")))
        #expect(alone.user == 12_345 && alone.group == 12_346)
        #expect(try FileIO.status(folder.file("kept"))?.user == 0)
        #expect(try FileIO.status(folder.file("link"))?.user == 0)
    }

    @Test("Room that other uploads have announced is waited for, and costs no attempt")
    func roomTaken() async throws {
        let farm = try FakeFarm()
        let puts = Locked(0)
        try await farm.withStore { request in
            guard request.method == .put else { return .text("none yet", status: .notFound) }
            let number = puts.withLock { count in
                count += 1
                return count
            }
            if number <= 2 { return HTTPResponse(.unavailable, fields: ["Factory-Error": "room-taken"]) }
            let bytes = try await request.body.limited(to: 4 << 20).collect()
            return HTTPResponse(.created, fields: ["Upload-Offset": "\(bytes.count)"])
        } _: {
            let agent = try farm.startAgent()
            let connection = try await farm.idleWorker()
            try await connection.send(try farm.assignment(SelfTest(seconds: 1, linesPerSecond: 1, megabytes: 1)))
            let (_, finished) = try await connection.events()
            #expect(finished?.outcome == .succeeded)
            #expect(puts.withLock { $0 } == 3)
            try agent.kill()
        }
    }

    @Test(
        "An input that would take room which the farm keeps free is refused before a byte is copied",
        arguments: [true, false])
    func inputBeyondTheReserve(isShared: Bool) async throws {
        let folder = try TemporaryFolder()
        let (given, bytes) = Self.input(localPath: folder.file("blob"))
        try AtomicFile.write(bytes, to: folder.file("blob"))
        var facts = statvfs()
        try #require(statvfs(folder.path, &facts) == 0)
        let free = Int64(facts.f_bavail) * Int64(facts.f_frsize)
        // A gibibyte more than what is left, whatever others write meanwhile.
        let upload = Upload(
            url: "unix:/nowhere", token: "", localDirectory: isShared ? folder.path : "/proc",
            reserveBytes: free + (1 << 30))
        let spool = try Spool.make(in: folder.file("spools"), job: JobID("b.x"), fence: Fence(1))
        let work = try StrictJSON.decode(
            JSONValue.self, from: try CanonicalJSON.encode(JobWork.selfTest(SelfTest(seconds: 1))))
        let assignment = try Assignment(
            Assign(
                job: JobID("b.x"), attempt: 1, fence: Fence(1), work: work, inputs: [given], upload: upload,
                timeoutSeconds: 60))
        let failure: JobFailure?
        do throws(JobFailure) {
            try await Delivery(Log(identifier: "test", fieldPrefix: "TEST", form: .plain)).fetchInputs(
                assignment, to: spool, isConnected: { true })
            failure = nil
        } catch {
            failure = error
        }
        // Where blocks are shared it takes no room.
        let isCloned = try FileIO.status(spool.inputPath(given.artifact.digest)) != nil
        if isShared, !isCloned {
            #expect(failure?.failure.cause == .worker)
            #expect(failure?.failure.code == "disk-full")
            #expect(failure?.failure.message.contains("store-reserve") == true)
            #expect(try Directory.entries(spool.directory + "/in").isEmpty)
        } else {
            #expect(failure == nil)
            #expect(isCloned)
        }
    }

    struct Died: Error {}

    @Test(
        "A failed job's artifacts are delivered, and a store that has no room for them changes no cause",
        arguments: [HTTPStatus.created, .insufficientStorage, .internalError])
    func failed(answer: HTTPStatus) async throws {
        let farm = try FakeFarm()
        try await farm.withStore { request in
            guard request.method == .put else { return .text("none yet", status: .notFound) }
            let bytes = try await request.body.limited(to: 4 << 20).collect()
            return HTTPResponse(answer, fields: ["Upload-Offset": "\(bytes.count)"])
        } _: {
            let agent = try farm.startAgent()
            let connection = try await farm.idleWorker()
            try await connection.send(
                try farm.assignment(SelfTest(seconds: 1, linesPerSecond: 1, megabytes: 1, failure: "spec")))
            let (_, finished) = try await connection.events()
            #expect(Self.failure(finished)?.cause == .spec, "\(String(describing: finished))")
            #expect(finished?.artifacts.map(\.name) == (answer == .created ? ["self-test.bin"] : []))
            try agent.kill()
        }
    }

    @Test("A store whose address is none ends a job instead of being tried for ever", arguments: [false, true])
    func noStore(isFailing: Bool) async throws {
        let farm = try FakeFarm()
        let agent = try farm.startAgent()
        let connection = try await farm.idleWorker()
        var assign = try farm.assignment(
            SelfTest(seconds: 1, linesPerSecond: 1, megabytes: 1, failure: isFailing ? "spec" : nil))
        assign.upload.url = "ftp://store"
        try await connection.send(assign)
        let (_, finished) = try await connection.events()
        let code = isFailing ? "self-test" : "bad-store-url"
        #expect(Self.failure(finished)?.code == code, "\(String(describing: finished))")
        #expect(finished?.artifacts == [])
        try agent.kill()
    }

    /// An input of two mebibytes, and its bytes.
    static func input(localPath: String? = nil) -> (input: Input, bytes: [UInt8]) {
        let bytes = [UInt8](repeating: 7, count: 2 << 20)
        let digest = Digest(hash: SHA256.hash(bytes))
        let artifact = Artifact(
            name: "disk.iso", role: .iso, digest: digest, size: Int64(bytes.count),
            mediaType: "application/octet-stream")
        return (Input(artifact: artifact, localPath: localPath), bytes)
    }

    @Test("What a job does to its input does not reach the store")
    func ownInput() async throws {
        let folder = try TemporaryFolder()
        let (blob, input) = (folder.file("blob"), folder.file("input"))
        let (given, bytes) = Self.input()
        try AtomicFile.write(bytes, to: blob)
        #expect(try await Delivery.take(given.artifact, from: blob, to: input, how: .copy))
        let file = try FileIO.open(input, O_WRONLY)
        try FileIO.write([1, 2, 3], to: file)
        file.close()
        #expect(try FileIO.read(blob, limit: 4 << 20) == bytes)
        #expect(try FileIO.read(input, limit: 4 << 20).prefix(4) == [1, 2, 3, 7])
    }

    @Test("What the store does not have by name is no input")
    func noInput() async throws {
        let folder = try TemporaryFolder()
        let (given, _) = Self.input()
        #expect(
            try await !Delivery.take(given.artifact, from: folder.file("blob"), to: folder.file("input"), how: .copy))
        #expect(try Directory.entries(folder.path).isEmpty)
    }

    @Test(
        "An input that is damaged in the store is given to no job", arguments: Damage.allCases,
        [Delivery.CopyKind.copy, .clone])
    func damagedInput(damage: Damage, how: Delivery.CopyKind) async throws {
        let folder = try TemporaryFolder()
        let (blob, input) = (folder.file("blob"), folder.file("input"))
        let (given, bytes) = Self.input()
        try AtomicFile.write(damage.applied(to: bytes), to: blob)
        let failure: Failure?
        let isTaken: Bool
        do throws(JobFailure) {
            isTaken = try await Delivery.take(given.artifact, from: blob, to: input, how: how)
            failure = nil
        } catch {
            (isTaken, failure) = (false, error.failure)
        }
        #expect(!isTaken)
        // Not every file system shares blocks; the copy comes next then.
        if how == .copy || failure != nil {
            #expect(failure?.cause == .infrastructure && failure?.code == "damaged-blob")
            #expect(failure?.mayRetry == false)
            #expect(failure?.message.contains(blob) == true)
            #expect(failure?.message.contains("\(given.artifact.digest)") == true)
        }
        #expect(try Directory.entries(folder.path).map(\.name) == ["blob"])
    }

    @Test("An input that was there before a crash is hashed again", arguments: Damage.allCases)
    func inputBeforeACrash(damage: Damage) async throws {
        let folder = try TemporaryFolder()
        let (blob, input) = (folder.file("blob"), folder.file("input"))
        let (given, bytes) = Self.input()
        try AtomicFile.write(bytes, to: blob)
        try AtomicFile.write(damage.applied(to: bytes), to: input)
        #expect(try await Delivery.take(given.artifact, from: blob, to: input, how: .copy))
        #expect(try FileIO.read(input, limit: 4 << 20) == bytes)
    }

    @Test("An input that is damaged in the store fails its job once, over HTTP too", arguments: [true, false])
    func damagedDownload(isNoticed: Bool) async throws {
        let farm = try FakeFarm()
        let (input, bytes) = Self.input()
        try await farm.withStore { _ in
            if isNoticed {
                return HTTPResponse(.internalError, fields: ["Factory-Error": "damaged-blob"])
            }
            return .json(Damage.otherByte.applied(to: bytes))
        } _: {
            let agent = try farm.startAgent()
            let connection = try await farm.idleWorker()
            try await connection.send(try farm.assignment(SelfTest(seconds: 1, megabytes: 0), inputs: [input]))
            let (_, finished) = try await connection.events()
            #expect(Self.failure(finished)?.code == "damaged-blob", "\(String(describing: finished))")
            #expect(Self.failure(finished)?.mayRetry == false)
            try agent.kill()
        }
    }

    /// What became of the store's file.
    enum Damage: String, Sendable, CaseIterable {
        case otherByte
        case emptied
        case longer

        func applied(to bytes: [UInt8]) -> [UInt8] {
            switch self {
            case .otherByte: bytes.dropLast() + [8]
            case .emptied: []
            case .longer: bytes + [7]
            }
        }
    }

    @Test("An input that was cut by the death of its agent is never taken for whole")
    func cutInput() async throws {
        let farm = try FakeFarm()
        let local = farm.folder.file("blob")
        let (input, bytes) = Self.input(localPath: local)
        let asked = Signal()
        let half = Array(bytes.prefix(bytes.count / 2))
        try await farm.withStore { _ in
            HTTPResponse(
                .ok,
                body: .stream { writer in
                    try await writer.write(half)
                    asked.raise()
                    try await Poller.shared.sleep(until: .never)
                })
        } _: {
            let first = try farm.startAgent()
            let connection = try await farm.idleWorker()
            try await connection.send(
                try farm.assignment(SelfTest(seconds: 60, linesPerSecond: 1, megabytes: 0), inputs: [input]))
            for await _ in asked.raised { break }
            try first.kill()
            _ = try await first.ended(until: .in(.seconds(10)))
            // Now the file can be had by its name.
            try AtomicFile.write(bytes, to: local)
            let second = try farm.startAgent()
            let (again, resume) = try await farm.worker()
            try await again.keep(resume)
            _ = try await again.events(until: AgentTests.isLine("line 1"))
            #expect(try FileIO.status(try farm.spool().inputPath(input.artifact.digest))?.size == bytes.count)
            try second.kill()
        }
    }

    @Test("Cancelling and giving away are heard while an input is fetched", arguments: [false, true])
    func stoppedWhileFetching(isCancelled: Bool) async throws {
        let farm = try FakeFarm()
        let asked = Signal()
        try await farm.withStore { _ in
            asked.raise()
            try await Poller.shared.sleep(until: .never)
            return HTTPResponse(.ok)
        } _: {
            let agent = try farm.startAgent()
            let connection = try await farm.idleWorker()
            try await connection.send(
                try farm.assignment(SelfTest(seconds: 60, megabytes: 0), inputs: [Self.input().input]))
            for await _ in asked.raised { break }
            let spool = try farm.spool()
            if isCancelled {
                try await connection.send(CancelJob(job: farm.job, fence: Fence(1), reason: "root asked"))
                let (_, finished) = try await connection.events()
                #expect(finished?.outcome == .cancelled(Cancellation(reason: "root asked", killed: false)))
            } else {
                try await connection.send(Superseded(job: farm.job, fence: Fence(1)))
                try await AgentTests.removed(spool)
            }
            try agent.kill()
        }
    }

    @Test("While the farm is away a job waits for its inputs, however long that takes")
    func farmAway() async throws {
        let farm = try FakeFarm()
        let (input, bytes) = Self.input()
        let agent = try farm.startAgent()
        let connection = try await farm.idleWorker()
        // There is no store yet.
        try await connection.send(
            try farm.assignment(SelfTest(seconds: 60, linesPerSecond: 1, megabytes: 0), inputs: [input]))
        _ = try await connection.next(Accepted.self)
        connection.close()
        // All the tries of one download have failed when it says so.
        let deadline = Deadline.in(.seconds(60))
        while try !farm.agentLog().contains("waits for the store") {
            try #require(!deadline.hasPassed, "no such line in the log of the agent")
            try await Poller.shared.sleep(until: .in(.milliseconds(20)))
        }
        try await farm.withStore { _ in
            HTTPResponse(.ok, body: .bytes(bytes))
        } _: {
            let (again, resume) = try await farm.worker()
            try await again.keep(resume)
            let (events, _) = try await again.events(until: AgentTests.isLine("line 1"))
            #expect(!events.isEmpty)
        }
        try agent.kill()
    }

    @Test("A result that fits into no message is told as a failure, once, and the connection lives")
    func resultTooLarge() async throws {
        let (farm, spool, process) = try await FoundSpoolTests.orphaned()
        kill(process, SIGKILL)
        let artifacts = (0..<300).map { number in
            Artifact(
                name: "\(number)" + String(repeating: "x", count: 4096), role: .iso,
                digest: Digest(hash: [UInt8](repeating: 1, count: 32)), size: 1, mediaType: "text/plain")
        }
        try spool.write(result: JobResult(outcome: .succeeded, artifacts: artifacts))
        try await farm.withStore { _ in
            HTTPResponse(.ok)
        } _: {
            let agent = try farm.startAgent()
            let (connection, resume) = try await farm.worker()
            try await connection.keep(resume)
            let (_, finished) = try await connection.events()
            #expect(Self.failure(finished)?.code == "result-too-large")
            try await connection.send(Settled(job: farm.job, fence: Fence(1)))
            try await AgentTests.removed(spool)
            try agent.kill()
        }
    }
}
