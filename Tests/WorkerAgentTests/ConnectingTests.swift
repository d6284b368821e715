import FactoryExecution
import FactoryProtocol
import FactoryWire
import IO
import Processes
import TestSupport
import Testing

@testable import factory_worker

/// How an agent comes to its farm, and comes back.
@Suite(.timeLimit(.minutes(2)))
struct ConnectingTests {
    @Test("An agent says which one it is, after a restart too, and another directory is another agent")
    func instance() async throws {
        let farm = try FakeFarm()
        for _ in 0..<2 {
            let agent = try farm.startAgent()
            _ = try await farm.idleWorker()
            try agent.kill()
            _ = try await agent.ended(until: .in(.seconds(10)))
        }
        let seen = farm.offers.withLock { $0.map(\.instance) }
        #expect(seen.count == 2 && seen.first == seen.last)
        let instance = try #require(seen.first ?? nil)
        #expect(instance.utf8.count == 32 && instance.allSatisfy(\.isHexDigit))
        let other = try TemporaryFolder()
        #expect(try AgentInstance.kept(in: other.path) != instance)
    }

    @Test("A file that holds no instance is told with its path")
    func badInstance() throws {
        let folder = try TemporaryFolder()
        try AtomicFile.write(Array("seven\n".utf8), to: folder.file("instance"))
        let error = #expect(throws: SettingsError.self) { try AgentInstance.kept(in: folder.path) }
        #expect(error?.description.contains(folder.file("instance")) == true)
    }

    @Test(
        "An agent is called as its machine, and by its architectures where the machine's is none of them",
        arguments: [
            ([.amd64], "m"), ([.amd64, .arm64], "m"), ([.arm64], "m-arm64"),
        ] as [([Architecture], String)])
    func defaultName(architectures: [Architecture], name: String) {
        #expect(WorkerSettings.defaultName(of: "m", for: architectures, on: .amd64) == name)
    }

    @Test("A farm that has another worker of this name is asked again, and the log says what to do")
    func nameTaken() async throws {
        let farm = try FakeFarm()
        let agent = try farm.startAgent()
        let (first, register) = try await farm.unregistered()
        let begin = ContinuousClock.now
        try await first.send(Refused(code: "name-taken", message: "give this one another name"), id: register.id)
        _ = try await farm.idleWorker()
        #expect(ContinuousClock.now - begin >= .milliseconds(750))
        let log = try farm.agentLog()
        #expect(log.contains("The farm refuses this worker") && log.contains("give this one another name"), "\(log)")
        try agent.kill()
    }

    @Test("A connection that ends at once, again and again, is made again at growing pauses")
    func growingPauses() async throws {
        let farm = try FakeFarm()
        let agent = try farm.startAgent()
        try await farm.idleWorker().close()
        let begin = ContinuousClock.now
        for _ in 0..<4 { try await farm.idleWorker().close() }
        // 100, 200, 400 and 800 ms, each less a quarter at most.
        #expect(ContinuousClock.now - begin >= .milliseconds(1125))
        try agent.kill()
    }
}
