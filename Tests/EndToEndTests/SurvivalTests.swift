import FactoryExecution
import FactoryProtocol
import Glibc
import IO
import JSON
import Processes
import TestSupport
import Testing

/// What a crash may not do: end a job, repeat a step, lose or repeat a line, leave something behind.
@Suite(.serialized)
struct SurvivalTests {
    enum Fault: String, CaseIterable, Sendable {
        case daemon
        case agent
        case both
    }

    @Test("kill -9 during a job: the same process goes on, no step again, every line once", arguments: Fault.allCases)
    func jobOutlives(fault: Fault) async throws {
        try await Farm.with("jobOutlives\(fault.rawValue)") { farm in
            let build = try await farm.submit(["seconds": 6, "linesPerSecond": 20]).build
            async let watched = Watched.whole(build, of: farm)
            let job = try await farm.runningJob()
            // In the middle: after the first second's lines.
            try await Poller.shared.sleep(until: .in(.seconds(2)))
            if fault != .agent { await farm.daemon?.killed() }
            if fault != .daemon { await farm.agent?.killed() }
            #expect(try farm.jobProcess() == job, "the job died with the \(fault.rawValue)")
            if fault != .agent { try await farm.startDaemon() }
            if fault != .daemon { try await farm.startAgent() }
            #expect(try farm.jobProcess() == job, "another process has the job now")

            let all = try await watched
            #expect(all.verdict?.result == .succeeded, "\(String(describing: all.verdict))")
            all.expectWhole()
            #expect(all.attempts == 1)
            #expect(all.starts == ["children": 1, "file": 1])
            all.expectLines(of: "children", (1...120).map { "line \($0)" })
            if fault != .agent { #expect(all.losses > 0) }
        }
    }

    @Test("kill -9 of the job: within a second nothing of it is left, and the job is tried again")
    func killedJobLeavesNothing() async throws {
        try await Farm.with { farm in
            let build = try await farm.submit(["seconds": 4, "linesPerSecond": 5, "scratchMegabytes": 1]).build
            async let watched = Watched.whole(build, of: farm)
            let job = try await farm.runningJob()
            let children = try await eventuallyChildren(of: job)
            #expect(!children.isEmpty)
            let spool = try #require(try Spool.all(in: farm.spools).first)
            #expect(MountTables.has(spool.work, job), "the job mounts nothing, so nothing of it can be left")
            #expect(!MountTables.has(spool.work, getpid()), "the mount of a job is seen outside of it")
            kill(job, SIGKILL)
            let gone = await eventually(within: .seconds(1)) {
                ([job] + children).allSatisfy { ProcessFacts(pid: $0).map { $0.state == "Z" } ?? true }
            }
            #expect(gone, "processes of a killed job are still there after a second")
            #expect(try MountTables.holders(of: spool.directory) == [], "a mount of the killed job is left")
            let all = try await watched
            #expect(all.verdict?.result == .succeeded, "\(String(describing: all.verdict))")
            #expect(all.attempts == 2)
            all.expectWhole()
            #expect(try MountTables.holders(of: farm.root) == [], "a mount of a job is left")
        }
    }

    /// The children of a job, once it has one.
    private func eventuallyChildren(of job: Int32) async throws -> [Int32] {
        var children: [Int32] = []
        _ = await eventually(within: .seconds(10)) {
            children = ProcessFacts.children(of: job)
            return !children.isEmpty
        }
        return children
    }
}
