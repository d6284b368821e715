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

/// The disk of the spools answers late, or never: the farm hears of the agent all the same.
@Suite(.timeLimit(.minutes(3)))
struct SlowDiskTests {
    /// The next heartbeats.
    private func beats(_ count: Int, of connection: FrameConnection) async throws -> [Heartbeat] {
        var beats: [Heartbeat] = []
        for _ in 0..<count { beats.append(try await connection.next(Heartbeat.self)) }
        return beats
    }

    /// Runs `body` while the farm beats too: an agent leaves a farm that is silent.
    private func beating(_ connection: FrameConnection, _ body: () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                while true {
                    // The connection has ended, or the test has.
                    guard (try? await connection.send(Heartbeat(running: 0))) != nil,
                        (try? await Poller.shared.sleep(until: .in(.milliseconds(100)))) != nil
                    else { return }
                }
            }
            defer { group.cancelAll() }
            try await body()
        }
    }

    @Test(
        "A disk of the spools that hangs keeps back neither heartbeats nor a new connection",
        .enabled(if: HungDisk.isPossible, "makes a file system of FUSE: needs root and /dev/fuse"))
    func hungDisk() async throws {
        let farm = try FakeFarm()
        let agent = try farm.startAgent()
        let (connection, resume) = try await farm.worker(heartbeat: 2)
        try await connection.keep(resume)
        var disk: HungDisk?
        try await beating(connection) {
            try await connection.send(try farm.assignment(SelfTest(seconds: 60, linesPerSecond: 1, megabytes: 0)))
            _ = try await connection.events(until: AgentTests.isLine("line 1"))
            #expect(try await beats(1, of: connection).first?.freeBytes ?? 0 > 0)
            disk = try HungDisk(over: farm.spools)
            // The first ones may have asked before.
            let told = try await beats(3, of: connection)
            #expect(told.last?.freeBytes == nil && told.last?.running == 1)
        }
        // The agent comes again and says what it holds, without having read it.
        connection.close()
        let (again, held) = try await farm.worker(heartbeat: 2)
        #expect(try held.decode(Resume.self).jobs.map(\.job) == [farm.job])
        try await again.keep(held)
        try await beating(again) {
            // The events of the job are opened anew now, and that hangs.
            #expect(try await beats(2, of: again).allSatisfy { $0.freeBytes == nil && $0.running == 1 })
            try await again.send(try farm.assignment(SelfTest(seconds: 1), fence: 2))
            #expect(try await again.next(Declined.self).reason.contains("does not answer"))
            disk?.release()
            // The disk is asked again, and the events are read.
            #expect(try await again.next(JobEvents.self).events.first?.seq == 1)
            while try await beats(1, of: again).first?.freeBytes == nil {}
        }
        try agent.kill()
    }

    /// Opening a pipe that nobody writes to waits for ever, as a disk that hangs does.
    @Test("Events of many jobs that cannot be read keep nothing else of the agent waiting")
    func manyReaders() async throws {
        let farm = try FakeFarm()
        // More than a pool of threads has.
        let count = 12
        for number in 1...count {
            let spool = try Spool.make(in: farm.spools, job: farm.job, fence: Fence(Int64(number)))
            let assign = try farm.assignment(SelfTest(seconds: 1), fence: Int64(number))
            try AtomicFile.write(try CanonicalJSON.encode(assign), to: spool.directory + "/assign.json")
            try FileIO.removeFile(spool.eventsPath)
            try #require(mkfifo(spool.eventsPath, 0o600) == 0)
            // Its process was started, and lives no more.
            try AtomicFile.write([0x7B, 0x7D], to: spool.orderPath)
        }
        let agent = try farm.startAgent()
        let (connection, resume) = try await farm.worker(heartbeat: 2)
        #expect(try resume.decode(Resume.self).jobs.count == count)
        try await connection.keep(resume)
        try await beating(connection) {
            let told = try await beats(3, of: connection)
            #expect(told.count == 3)
        }
        try agent.kill()
    }
}
