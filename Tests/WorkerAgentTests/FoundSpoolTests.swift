import FactoryExecution
import FactoryProtocol
import FactorySpec
import FactoryWire
import Glibc
import IO
import Processes
import TestSupport
import Testing

/// What an agent makes of the spools that an earlier one left.
@Suite(.timeLimit(.minutes(3)))
struct FoundSpoolTests {
    /// A farm whose agent was killed while its job runs.
    static func orphaned() async throws -> (farm: FakeFarm, spool: Spool, process: Int32) {
        let farm = try FakeFarm()
        let agent = try farm.startAgent()
        let connection = try await farm.idleWorker()
        try await connection.send(try farm.assignment(SelfTest(seconds: 60, linesPerSecond: 1, megabytes: 0)))
        _ = try await connection.events(until: AgentTests.isLine("line 1"))
        try agent.kill()
        _ = try await agent.ended(until: .in(.seconds(10)))
        let spool = try farm.spool()
        return (farm, spool, try #require(try SpoolLock.holder(spool)))
    }

    @Test(
        "An agent removes the control groups that its own jobs left, and no new one of an agent beside it",
        .enabled(if: geteuid() == 0 && ControlGroup.own() != nil, "needs root and cgroup v2"))
    func groups() async throws {
        let farm = try FakeFarm()
        let parent = try #require(ControlGroup.own())
        let ours = parent.child(JobProcess.groupPrefix(farm.folder.path + "/worker/spool") + "left")
        let others = parent.child(JobProcess.groupPrefix("/elsewhere-\(getpid())/worker/spool") + "new")
        for group in [ours, others] { try group.make() }
        defer { rmdir(others.path) }
        let agent = try farm.startAgent()
        _ = try await farm.idleWorker()
        #expect(try FileIO.status(ours.path) == nil)
        #expect(try FileIO.status(others.path) != nil)
        try agent.kill()
    }

    @Test(
        "A job that was accepted and not started is started only when the farm says that it is still ours",
        arguments: [false, true])
    func notStarted(isKept: Bool) async throws {
        let (farm, spool, process) = try await Self.orphaned()
        // As a crash between `accepted` and the order leaves it, or one within the removal of old versions.
        kill(process, SIGKILL)
        let deadline = Deadline.in(.seconds(20))
        while try SpoolLock.holder(spool) != nil, !deadline.hasPassed {
            try await Poller.shared.sleep(until: .in(.milliseconds(10)))
        }
        try FileIO.removeFile(spool.orderPath)
        try FileIO.removeFile(spool.eventsPath)
        try FileIO.open(spool.eventsPath, O_WRONLY | O_CREAT).close()
        let agent = try farm.startAgent(log: "second.log")
        let (connection, resume) = try await farm.worker()
        #expect(try resume.decode(Resume.self).jobs.count == 1)
        if isKept {
            try await connection.keep(resume)
            let (events, _) = try await connection.events(until: AgentTests.isLine("line 1"))
            #expect(events.first?.seq == 1)
        } else {
            let claim = Claim(job: farm.job, fence: Fence(1))
            try await connection.send(Resumed(keep: [], drop: [claim]), id: resume.id)
            try await AgentTests.removed(spool)
            let log = try farm.agentLog("second.log")
            #expect(!log.contains("A job's process was started."), "\(log)")
        }
        try agent.kill()
    }

    @Test("An adopted job whose time is over, and that cannot end itself, is ended")
    func overTime() async throws {
        let (farm, spool, process) = try await Self.orphaned()
        kill(process, SIGSTOP)
        // As if it had been started that long ago: it would be over since before the margin of 30 s.
        let path = spool.directory + "/assign.json"
        let words = try FileIO.readText(path, limit: 1 << 20)
        let changed = words.replacing(#""timeoutSeconds":120"#, with: #""timeoutSeconds":-30"#)
        #expect(changed != words)
        try AtomicFile.write(Array(changed.utf8), to: path)
        let agent = try farm.startAgent()
        let (connection, resume) = try await farm.worker()
        try await connection.keep(resume)
        let (_, finished) = try await connection.events()
        #expect(finished?.outcome == .failed(JobLife.timedOut(-30, killed: true)))
        try agent.kill()
    }

    @Test("A spool that cannot be read is left as it is, with the job that runs there, and the agent works")
    func unreadable() async throws {
        let (farm, spool, process) = try await Self.orphaned()
        // What reading a directory says is no word about what the spool is.
        try FileIO.removeFile(spool.directory + "/assign.json")
        try Directory.make(spool.directory + "/assign.json")
        let agent = try farm.startAgent()
        _ = try await farm.idleWorker()
        #expect(try SpoolLock.holder(spool) == process)
        try agent.kill()
    }

    @Test("A spool that nobody waits for goes with the job that runs there")
    func unwanted() async throws {
        let (farm, spool, process) = try await Self.orphaned()
        try FileIO.removeFile(spool.directory + "/assign.json")
        let agent = try farm.startAgent()
        _ = try await farm.idleWorker()
        try await AgentTests.removed(spool)
        #expect(ProcessFacts(pid: process).map { $0.state == "Z" } ?? true)
        try agent.kill()
    }

    @Test(
        "A spool that cannot be removed keeps no agent from working",
        .enabled(if: geteuid() == 0, "needs root: mounts something in it"), arguments: ["b.old.1", ".gone-b.old.1"])
    func unremovable(name: String) async throws {
        let farm = try FakeFarm()
        let work = farm.spools + "/\(name)/work"
        try Directory.make(work)
        #expect(mount("none", work, "tmpfs", 0, "size=4k") == 0)
        defer {
            for place in [work, farm.spools + "/.gone-b.old.1/work"] { umount2(place, Int32(MNT_DETACH)) }
        }
        let agent = try farm.startAgent()
        let connection = try await farm.idleWorker()
        try await connection.send(
            try farm.assignment(SelfTest(seconds: 1, linesPerSecond: 1, megabytes: 0, failure: "spec")))
        #expect(try await connection.events().finished != nil)
        try agent.kill()
    }
}
