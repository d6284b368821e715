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
        let more: Int64
        let reserve: Int64
        let isBroken: Bool
    }

    private static let cases = [
        Case(free: 100, more: 0, reserve: 100, isBroken: false),
        Case(free: 99, more: 0, reserve: 100, isBroken: true),
        Case(free: 150, more: 50, reserve: 100, isBroken: false),
        Case(free: 150, more: 51, reserve: 100, isBroken: true),
        Case(free: 150, more: .max, reserve: 1, isBroken: true),
        Case(free: 150, more: .min, reserve: 100, isBroken: false),
        Case(free: 0, more: 1, reserve: .max, isBroken: true),
    ]

    @Test(arguments: cases) func whatBreaksItIsDecidedWithoutOverflow(_ row: Case) {
        let reserve = DiskReserve(path: "/", bytes: row.reserve)
        #expect(reserve.isBroken(by: row.more, free: row.free) == row.isBroken)
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
