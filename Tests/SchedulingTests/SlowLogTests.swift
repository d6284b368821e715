import FactoryProtocol
import FactoryWire
import Glibc
import IO
import Processes
import TestSupport
import Testing

@testable import FactoryScheduling

/// The log of one build is on a disk that does not answer: nobody else waits for it.
@Suite(.timeLimit(.minutes(2))) struct SlowLogTests {
    private static func run(_ program: String, _ arguments: [String]) async throws {
        try await Command(program, arguments).runSuccessfully(until: .in(.seconds(30)))
    }

    /// Puts the folder on a file system of its own and lets nothing be written there while the body runs. `thaw` ends that.
    private static func frozen(
        _ folder: String, image: String, _ body: (_ thaw: @Sendable () async throws -> Void) async throws -> Void
    ) async throws {
        try await run("truncate", ["--size", "16M", image])
        try await run("mkfs.ext4", ["-q", "-d", folder, image])
        try await run("mount", ["-o", "loop", image, folder])
        let isFrozen = Locked(true)
        let thaw: @Sendable () async throws -> Void = {
            let wasFrozen = isFrozen.withLock { isFrozen in
                defer { isFrozen = false }
                return isFrozen
            }
            guard wasFrozen else { return }
            try await run("fsfreeze", ["--unfreeze", folder])
        }
        do {
            try await run("fsfreeze", ["--freeze", folder])
            try await body(thaw)
        } catch {
            try await thaw()
            try await run("umount", ["--lazy", folder])
            throw error
        }
        try await run("umount", ["--lazy", folder])
    }

    @Test(.enabled(if: geteuid() == 0, "mounts a file system of its own: be root"))
    func aLogThatCannotBeWrittenDelaysNobodyElse() async throws {
        let before = try FarmFixture()
        let found = Locked<(build: BuildID, job: HeldJob)?>(nil)
        try await before.run {
            let client = try await before.client()
            let (worker, _) = try await before.worker(slots: 2)
            let build = try await before.submit(client, key: "slow").build
            let given: Assign = try await worker.expect()
            try await worker.say(Accepted(job: given.job, fence: given.fence))
            let first = JobEvents(job: given.job, fence: given.fence, events: Self.lines(1...1))
            _ = try await worker.ask(first, for: Ack.self)
            found.withLock { $0 = (build, HeldJob(job: given.job, fence: given.fence, through: 9)) }
        }
        let (slow, held) = try #require(found.withLock { $0 })
        let farm = try FarmFixture(in: before.folder) {
            $0.liveness = LivenessLimits(heartbeat: .milliseconds(200), dead: .seconds(6), grace: .seconds(60))
            $0.openingTime = .milliseconds(200)
        }
        try await Self.frozen(farm.folder.file("logs/\(slow)"), image: farm.folder.file("image")) { thaw in
            try await farm.run {
                do {
                    try await Self.goOn(farm, slow, held, thaw)
                } catch {
                    // Or nothing that waits for the disk ever ends.
                    try await thaw()
                    throw error
                }
            }
        }
    }

    /// What goes on while the log of `slow` takes nothing; then its own events, when it does again.
    private static func goOn(
        _ farm: FarmFixture, _ slow: BuildID, _ held: HeldJob, _ thaw: @Sendable () async throws -> Void
    ) async throws {
        let (worker, resumed) = try await farm.worker(slots: 2, holding: [held])
        #expect(resumed.keep.map(\.job) == [held.job])
        try await worker.say(JobEvents(job: held.job, fence: held.fence, events: lines(1...3)))
        let watcher = try await farm.client()
        try await watcher.connection.send(Watch(build: slow, from: 1), id: 9)

        let client = try await farm.client()
        let quick = try await farm.submit(client, key: "quick").build
        let given: Assign = try await worker.expect()
        try await worker.say(Accepted(job: given.job, fence: given.fence))
        let ack: Ack = try await worker.ask(JobEvents(job: given.job, fence: given.fence, events: lines(1...2)))
        #expect(ack == Ack(job: given.job, fence: given.fence, through: 2))

        // Longer than a worker may be silent.
        for _ in 0..<35 {
            try await worker.say(Heartbeat())
            try await Poller.shared.sleep(until: .in(.milliseconds(200)))
        }
        #expect(try await client.ask(ListWorkers(), for: WorkerList.self).workers.map(\.state) == [.connected])
        let _: Settled = try await worker.ask(
            Finished(job: given.job, fence: given.fence, outcome: .succeeded))
        #expect(try await client.watch(quick).verdict.result == .succeeded)

        try await thaw()
        #expect(try await worker.expect(Ack.self) == Ack(job: held.job, fence: held.fence, through: 3))
        let _: Settled = try await worker.ask(Finished(job: held.job, fence: held.fence, outcome: .succeeded))
        let (events, verdict) = try await client.watch(slow)
        #expect(verdict.result == .succeeded)
        #expect(events.map(\.seq) == Array(1...Int64(events.count)))
        #expect(events.filter { $0.kind.name == "log" }.count == 3)
    }

    private static func lines(_ numbers: ClosedRange<Int64>) -> [Event] {
        numbers.map { Event(seq: $0, at: .wall, kind: .log(LogLine(text: "line \($0)"))) }
    }
}
