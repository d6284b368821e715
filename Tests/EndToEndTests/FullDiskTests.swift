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

    /// For longer than a silent worker has until its jobs are given away: the farm's full disk is not the worker's silence.
    @Test("no room for the queue and the logs under a running job: it lives, and every line is there once")
    func stateUnderARunningJob() async throws {
        try await Farm.with(agent: false) { farm in
            await farm.daemon?.killed()
            try await onSmallDisk(farm.root, megabytes: 16) {
                try Directory.make(farm.root + "/logs")
                try await onSmallDisk(farm.root + "/worker", megabytes: 512) {
                    try await farm.startDaemon()
                    try await farm.startAgent()
                    let build = try await farm.submit(["seconds": 20, "linesPerSecond": 20]).build
                    async let watched = Watched.whole(build, of: farm)
                    let job = try await farm.runningJob()
                    try await fill(farm)
                    #expect(try await eventually(within: .seconds(10)) { try await health(farm) == "503" })
                    try await Poller.shared.sleep(until: .in(.seconds(12)))
                    #expect(try farm.jobProcess() == job, "the job was ended because the farm's disk was full")
                    try FileIO.removeFile(farm.root + "/ballast")

                    let all = try await watched
                    #expect(all.verdict?.result == .succeeded, "\(String(describing: all.verdict))")
                    all.expectWhole()
                    #expect(try await eventually(within: .seconds(10)) { try await health(farm) == "200" })
                    #expect(all.attempts == 1)
                    all.expectLines(of: "children", (1...400).map { "line \($0)" })
                    await farm.agent?.killed()
                    await farm.daemon?.killed()
                }
            }
        }
    }

    /// The status of the answer to `GET /v1/health`.
    private func health(_ farm: Farm) async throws -> String {
        let (_, bytes) = try await Command(
            "curl",
            [
                "--silent", "--output", "/dev/null", "--write-out", "%{http_code}", "--unix-socket",
                farm.root + "/run/http.sock", "http://farm/v1/health",
            ]
        ).output(until: .in(.seconds(20)))
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Takes all room of the farm's disk, that within the database's own files as well.
    private func fill(_ farm: Farm) async throws {
        let ballast = try FileIO.open(farm.root + "/ballast", O_WRONLY | O_CREAT)
        let block = [UInt8](repeating: 7, count: 1 << 12)
        while write(ballast.rawValue, block, block.count) > 0 {}
        let session = try await farm.session()
        // No worker here builds for it.
        let spec: JSONValue = ["selfTest": ["seconds": 1], "arch": "arm64"]
        for number in 0..<5000 {
            do throws(ClientError) {
                let _: Submitted = try await session.request(Submit(spec: spec, idempotencyKey: "\(number)"))
            } catch {
                #expect(error.reason == "disk-full", "\(error)")
                return
            }
        }
        Issue.record("the disk did not run full")
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

    @Test(
        "an artifact that does not fit fails its job alone: the queue takes work, workers come, others run, cancel ends"
    )
    func artifactThatDoesNotFit() async throws {
        try await Farm.with(agent: false) { farm in
            await farm.daemon?.killed()
            try await onSmallDisk(farm.root, megabytes: 48) {
                try Directory.make(farm.root + "/logs")
                try await onSmallDisk(farm.root + "/worker", megabytes: 512) {
                    try await farm.startDaemon()
                    try await farm.startAgent()
                    let large = try await farm.submit(["seconds": 1, "megabytes": 100]).build
                    let watched = try await Watched.whole(large, of: farm)
                    #expect(watched.verdict?.cause == .infrastructure)
                    #expect(watched.verdict?.code == "disk-full", "\(String(describing: watched.verdict))")
                    #expect(watched.attempts == 1)
                    #expect(watched.verdict?.result == .infrastructure)
                    let (status, said) = try await farm.ctl(["watch", large.rawValue])
                    #expect(status == 7)
                    #expect(said.contains("100 MiB do not fit") && said.contains("factoryctl retry"), "\(said)")
                    #expect(try Directory.entries(farm.root + "/store/blobs/sha256").isEmpty)

                    await farm.agent?.killed()
                    try await farm.startAgent(["--name", "another"])
                    let small = try await farm.submit(["seconds": 1, "megabytes": 1]).build
                    #expect(try await Watched.whole(small, of: farm).verdict?.result == .succeeded)
                    let long = try await farm.submit(["seconds": 60, "megabytes": 0]).build
                    _ = try await farm.runningJob()
                    let session = try await farm.session()
                    let _: Cancelling = try await session.request(CancelBuild(build: long, reason: "enough"))
                    #expect(try await Watched.whole(long, of: farm).verdict?.result == .cancelled)
                    await farm.agent?.killed()
                    await farm.daemon?.killed()
                }
            }
        }
    }

    @Test("a worker that comes while the disk is full is taken, and is written down when there is room")
    func workerOnAFullDisk() async throws {
        try await Farm.with(agent: false) { farm in
            await farm.daemon?.killed()
            try await onSmallDisk(farm.root, megabytes: 16) {
                try Directory.make(farm.root + "/logs")
                try await onSmallDisk(farm.root + "/worker", megabytes: 64) {
                    try await farm.startDaemon()
                    try await fill(farm)
                    try await farm.startAgent()
                    let session = try await farm.session()
                    var problems: [String] = []
                    _ = try await eventually(within: .seconds(10)) {
                        problems = try await session.request(AskStatus(), for: StatusReport.self).problems.map(\.code)
                        return problems.contains("disk-full")
                    }
                    #expect(problems.contains("disk-full"), "\(problems)")
                    #expect(
                        try await session.request(ListWorkers(), for: WorkerList.self).workers.map(\.state) == [
                            .connected
                        ])
                    try FileIO.removeFile(farm.root + "/ballast")
                    let build = try await farm.submit(["seconds": 1, "megabytes": 0]).build
                    #expect(try await Watched.whole(build, of: farm).verdict?.result == .succeeded)
                    await farm.daemon?.killed()
                    await farm.agent?.killed()
                    // Without an agent only what was written down is known.
                    try await farm.startDaemon()
                    let workers = try await farm.session().request(ListWorkers(), for: WorkerList.self).workers
                    #expect(workers.count == 1)
                    await farm.daemon?.killed()
                }
            }
        }
    }
}
