import FactoryProtocol
import FactorySpec
import Glibc
import IO
import TestSupport
import Testing

@testable import FactoryExecution

/// What jobs leave free on a disk that is the farm's too.
@Suite(.timeLimit(.minutes(2))) struct DiskReserveTests {
    struct Case: Sendable {
        let free: Int64
        let reserve: Int64
        let room: Int64
    }

    private static let cases = [
        Case(free: 100, reserve: 100, room: 0), Case(free: 99, reserve: 100, room: -1),
        Case(free: 0, reserve: .max, room: -.max), Case(free: .max, reserve: 0, room: .max),
        Case(free: .min, reserve: .max, room: -.max), Case(free: .max, reserve: .min, room: .max),
    ]

    @Test(arguments: cases) func whatIsLeftIsReckonedWithoutOverflow(_ row: Case) {
        #expect(DiskReserve(path: "/", bytes: row.reserve).room(free: row.free) == row.room)
    }

    @Test(arguments: [(Int64.max, 250), (1 << 30, 250), (100 << 20, 100), (5 << 20, 10), (0, 10), (Int64.min, 10)])
    func theLessIsLeftTheSoonerItIsLookedAtAgain(room: Int64, milliseconds: Int) {
        #expect(DiskReserve.pause(room: room) == .milliseconds(milliseconds))
    }

    @Test func onlyADirectoryOnTheFarmsDiskCounts() throws {
        let folder = try TemporaryFolder()
        let (farm, worker) = (folder.file("farm"), folder.file("worker"))
        for path in [farm, worker] { try Directory.make(path) }
        #expect(DiskReserve(bytes: 5, of: farm, sharedBy: ["/proc", worker])?.path == worker)
        #expect(DiskReserve(bytes: 5, of: farm, sharedBy: ["/proc", folder.file("missing")]) == nil)
        #expect(DiskReserve(bytes: 5, of: folder.file("missing"), sharedBy: [worker]) == nil)
        for bytes in [0, -1, Int64.min] { #expect(DiskReserve(bytes: bytes, of: farm, sharedBy: [worker]) == nil) }
    }

    @Test(.enabled(if: geteuid() == 0, "mounting a tmpfs needs root"))
    func aJobThatWritesAsFastAsItCanLeavesMostOfTheReserve() async throws {
        let disk = try SmallDisk(kibibytes: 96 << 10)
        let spool = try Spool.make(in: disk.path + "/spool", job: JobID("b.x"), fence: Fence(1))
        try spool.write(
            order: JobOrder(
                job: JobID("b.x"), attempt: 1, fence: Fence(1), work: .selfTest(SelfTest(seconds: 1)),
                timeoutSeconds: 60, trees: disk.path, cache: disk.path,
                reserve: DiskReserve(path: spool.directory, bytes: 80 << 20)))
        let result = try await JobHost(spool, stop: StopSignal()).run { _, context in
            try await SelfTestJob.run(SelfTest(seconds: 1, linesPerSecond: 1, megabytes: 1000), in: context)
        }
        guard case .failed(let failure) = result.outcome else {
            Issue.record("\(result)")
            return
        }
        #expect(failure.code == "disk-full" && failure.message.contains("store-reserve"), "\(failure)")
        #expect(try spool.freeBytes() > 24 << 20)
    }

    @Test(.enabled(if: geteuid() == 0, "mounting a small tmpfs needs root"), arguments: [0, 5])
    func aJobThatLeavesLessIsEndedForThatBeforeTheDiskIsFull(mebibytes: Int) async throws {
        let disk = try SmallDisk(kibibytes: 8 << 10)
        let spool = try Spool.make(in: disk.path + "/spool", job: JobID("b.x"), fence: Fence(1))
        try spool.write(
            order: JobOrder(
                job: JobID("b.x"), attempt: 1, fence: Fence(1), work: .selfTest(SelfTest(seconds: 1)),
                timeoutSeconds: 60, trees: disk.path, cache: disk.path,
                reserve: DiskReserve(path: spool.directory, bytes: 4 << 20)))
        let wasTold = Locked(false)
        let result = try await JobHost(spool, stop: StopSignal()).run { _, context in
            try AtomicFile.write([UInt8](repeating: 1, count: mebibytes << 20), to: context.work + "/large")
            guard mebibytes > 0 else { return }
            defer { wasTold.withLock { $0 = context.isOutOfRoom() } }
            try await Poller.shared.sleep(until: .in(.seconds(60)))
        }
        guard mebibytes > 0 else {
            #expect(result.outcome == .succeeded)
            return
        }
        guard case .failed(let failure) = result.outcome else {
            Issue.record("\(result)")
            return
        }
        #expect(failure.cause == .worker)
        #expect(failure.code == "disk-full")
        #expect(failure.message.contains("store-reserve"))
        #expect(wasTold.withLock { $0 })
        #expect(try spool.freeBytes() > 1 << 20)
    }
}
