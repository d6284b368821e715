import FactoryClient
import FactoryExecution
import FactoryProtocol
import FoundationEssentials
import Glibc
import IO
import JSON
import Processes
import TestSupport
import Testing

/// A whole farm of one test: the real factoryd and agent in a folder of their own, with short leases.
final class Farm: Sendable {
    let folder: TemporaryFolder
    private let parts = Locked(Parts())

    private struct Parts {
        var daemon: Program?
        var agent: Program?
    }

    var root: String { folder.path }
    var daemon: Program? { parts.withLock { $0.daemon } }
    var agent: Program? { parts.withLock { $0.agent } }
    var spools: String { root + "/worker/spool" }

    private init() throws {
        folder = try TemporaryFolder()
        try Directory.make(root + "/logs")
    }

    /// Runs `body` with a farm; afterwards everything it started is ended in reverse order, jobs included, and the logs
    /// are kept below `FACTORY_TEST_LOGS` where that is set.
    static func with(
        agent: Bool = true, daemonOptions: [String] = [], _ name: String = #function,
        _ body: (Farm) async throws -> Void
    ) async throws {
        let farm = try Farm()
        do {
            try await farm.startDaemon(daemonOptions)
            if agent { try await farm.startAgent() }
            try await body(farm)
        } catch {
            await farm.end(name)
            throw error
        }
        await farm.end(name)
    }

    /// Times short enough for tests, long enough for a busy machine.
    private static let patience = [
        "--heartbeat", "500", "--dead", "3000", "--grace", "5000", "--retry-delay", "100",
    ]

    func startDaemon(_ options: [String] = []) async throws {
        let program = try Program(
            "factoryd", ["--root", root] + Self.patience + options, log: root + "/logs/factoryd.log")
        parts.withLock { $0.daemon = program }
        let isUp = await eventually(within: .seconds(20)) {
            guard program.isRunning else { return true }
            return (try? await self.session()) != nil  // not yet there is what is waited for
        }
        try #require(isUp && program.isRunning, "factoryd did not start:\n\(log("factoryd"))")
    }

    func startAgent(_ options: [String] = []) async throws {
        let program = try Program(
            "factory-worker", ["--root", root, "--slots", "2"] + options, log: root + "/logs/factory-worker.log")
        parts.withLock { $0.agent = program }
        let isThere = try await eventually(within: .seconds(30)) {
            guard program.isRunning else { return true }
            return try await !self.session().request(ListWorkers(), for: WorkerList.self).workers.isEmpty
        }
        try #require(isThere && program.isRunning, "the agent did not register:\n\(log("factory-worker"))")
    }

    var endpoint: Endpoint { .root(root) }
    static let hello = Hello(role: .client, name: "end-to-end", software: "tests")

    func session() async throws -> FarmSession {
        try await FarmSession.open(endpoint, hello: Self.hello, until: .in(.seconds(10)))
    }

    /// The farm still answers.
    func expectAlive() async throws {
        _ = try await session().request(AskStatus(), for: StatusReport.self)
    }

    /// Submits a self-test.
    func submit(_ test: [String: JSONValue], noCache: Bool = false) async throws -> Submitted {
        try await session().request(
            Submit(
                spec: ["selfTest": .object(test)], idempotencyKey: "\(UInt64.random(in: 0...UInt64.max))",
                noCache: noCache))
    }

    /// Runs factoryctl on this farm; returns its exit status and what it printed.
    func ctl(_ arguments: [String], until deadline: Deadline = .in(.seconds(60))) async throws -> (Int32?, String) {
        var said = ""
        let status = try await Command(Program.path("factoryctl"), ["--root", root] + arguments)
            .run(until: deadline) { said += $0.text + "\n" }
        guard case .exited(let code) = status else { return (nil, said) }
        return (code, said)
    }

    /// The process of the one running job, by the lock on its spool; nil while there is none.
    func jobProcess() throws -> Int32? {
        for spool in try Spool.all(in: spools) {
            if let pid = try SpoolLock.holder(spool), pid > 0 { return pid }
        }
        return nil
    }

    /// Waits until a job runs; its process.
    func runningJob() async throws -> Int32 {
        var found: Int32?
        _ = try await eventually(within: .seconds(30)) {
            found = try self.jobProcess()
            return found != nil
        }
        return try #require(found, "no job started:\n\(log("factory-worker"))")
    }

    func log(_ name: String) -> String {
        (try? String(contentsOfFile: "\(root)/logs/\(name).log", encoding: .utf8)) ?? "(no log)"  // for messages only
    }

    private func end(_ test: String) async {
        for program in [agent, daemon].compactMap(\.self) {
            program.signal(SIGTERM)
            await program.ended(within: .seconds(10))
        }
        // Jobs outlive the agent: that is what they are made for. Nothing may outlive a test.
        for _ in 0..<10 {
            guard let pid = try? jobProcess() else { break }
            kill(pid, SIGKILL)
            _ = await eventually(within: .seconds(10)) { kill(pid, 0) != 0 }
        }
        guard let logs = ProcessInfo.processInfo.environment["FACTORY_TEST_LOGS"] else { return }
        let kept = logs + "/" + test.filter { $0.isLetter || $0.isNumber }
        do {
            try FileManager.default.createDirectory(atPath: kept, withIntermediateDirectories: true)
            for file in try FileManager.default.contentsOfDirectory(atPath: root + "/logs") where file.hasSuffix(".log")
            {
                try FileManager.default.copyItem(atPath: "\(root)/logs/\(file)", toPath: "\(kept)/\(file)")
            }
        } catch {
            print("the logs of \(test) could not be kept: \(error)")
        }
    }
}
