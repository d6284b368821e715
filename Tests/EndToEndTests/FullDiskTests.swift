import FactoryClient
import FactoryProtocol
import Glibc
import IO
import JSON
import Processes
import Testing

/// A disk that is full, in the worker's spool and in the store: the job fails with that cause, the farm lives, and with
/// room again the work is done.
@Suite(.serialized, .enabled(if: geteuid() == 0, "needs root to mount a small file system"))
struct FullDiskTests {
    /// A file system of `megabytes` at `path` while `body` runs.
    func onSmallDisk(_ path: String, megabytes: Int, _ body: () async throws -> Void) async throws {
        try Directory.make(path)
        try await Command("mount", ["-t", "tmpfs", "-o", "size=\(megabytes)m", "factory-test", path])
            .runSuccessfully(until: .in(.seconds(10)))
        do {
            try await body()
            _ = umount2(path, Int32(MNT_DETACH))
        } catch {
            _ = umount2(path, Int32(MNT_DETACH))
            throw error
        }
    }

    func grow(_ path: String, megabytes: Int) async throws {
        try await Command("mount", ["-o", "remount,size=\(megabytes)m", path]).runSuccessfully(until: .in(.seconds(10)))
    }

    @Test("a spool that runs full: the job fails for that, and succeeds when there is room")
    func spool() async throws {
        try await Farm.with(agent: false) { farm in
            // Enough for the job to be taken (64 MiB), too little for what it writes.
            try await onSmallDisk(farm.root + "/worker", megabytes: 100) {
                try await farm.startAgent()
                let build = try await farm.submit(["seconds": 1, "megabytes": 200]).build
                let watched = try await Watched.whole(build, of: farm)
                watched.expectWhole()
                #expect(watched.verdict?.result != .succeeded)
                #expect(watched.verdict?.cause == .worker)
                #expect(watched.verdict?.code == "disk-full", "\(String(describing: watched.verdict))")

                try await grow(farm.root + "/worker", megabytes: 1024)
                let again = try await farm.submit(["seconds": 1, "megabytes": 200]).build
                #expect(try await Watched.whole(again, of: farm).verdict?.result == .succeeded)
                await farm.agent?.killed()
            }
        }
    }

    @Test("no room in the store: the job fails for that, and succeeds when there is room")
    func store() async throws {
        try await Farm.with(agent: false) { farm in
            await farm.daemon?.killed()
            try await onSmallDisk(farm.root + "/store", megabytes: 24) {
                try await farm.startDaemon()
                try await farm.startAgent()
                let build = try await farm.submit(["seconds": 1, "megabytes": 100]).build
                let watched = try await Watched.whole(build, of: farm, within: .seconds(180))
                watched.expectWhole()
                #expect(watched.verdict?.result != .succeeded)
                #expect(watched.verdict?.code == "disk-full", "\(String(describing: watched.verdict))")
                try await farm.expectAlive()

                try await grow(farm.root + "/store", megabytes: 512)
                let again = try await farm.submit(["seconds": 1, "megabytes": 100]).build
                #expect(try await Watched.whole(again, of: farm).verdict?.result == .succeeded)
                await farm.agent?.killed()
                await farm.daemon?.killed()
            }
        }
    }
}
