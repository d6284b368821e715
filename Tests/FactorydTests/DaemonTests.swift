import FactoryProtocol
import FactoryWire
import Glibc
import IO
import JSON
import Processes
import SQLite
import TestSupport
import Testing

/// The real daemon, started, killed and started again.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct DaemonTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    private func submit(key: String) -> Submit {
        Submit(spec: .object(["selfTest": .object(["seconds": .integer(1)])]), idempotencyKey: key)
    }

    private func line(_ seq: Int64) -> Event {
        Event(seq: seq, at: Timestamp(milliseconds: 1), kind: .log(LogLine(text: "line \(seq)")))
    }

    private func worker(
        _ daemon: DaemonProcess, holding: [HeldJob] = []
    ) async throws -> (connection: FrameConnection, resumed: Resumed) {
        let connection = try await daemon.connect(.worker, name: "w1")
        let offer = Register(
            architectures: [.amd64], slots: 1, capabilities: ["isolation": "namespaces"], host: "h")
        _ = try await connection.ask(offer, for: Registered.self)
        return (connection, try await connection.ask(Resume(jobs: holding), for: Resumed.self))
    }

    @Test func aSecondDaemonOnOneRootIsRefusedAndNamesTheFirst() async throws {
        let first = try DaemonProcess(root: folder.path)
        _ = try await first.connect()
        let second = try DaemonProcess(root: folder.path)
        #expect(await second.ended() == 1)
        #expect(try first.log().contains("another factoryd (process \(first.pid)) already runs on \(folder.path)"))
        _ = try await first.connect().ask(AskStatus(), for: StatusReport.self)
        #expect(await first.end(SIGKILL) == -SIGKILL)
        let third = try DaemonProcess(root: folder.path)
        _ = try await third.connect().ask(AskStatus(), for: StatusReport.self)
    }

    @Test func aDatabaseOfANewerReleaseIsRefusedWithASentence() async throws {
        let first = try DaemonProcess(root: folder.path)
        _ = try await first.connect()
        #expect(await first.end(SIGTERM) == 0)
        let database = folder.file("factory.sqlite")
        try Connection(database, .writer).run("INSERT INTO migrations VALUES ('9999_later', 'd', 't')")
        let before = try FileIO.read(database, limit: 1 << 24)
        let older = try DaemonProcess(root: folder.path)
        #expect(await older.ended() == 1)
        #expect(try older.log().contains("was written by a newer release: it holds the migration '9999_later'"))
        #expect(try FileIO.read(database, limit: 1 << 24) == before)
    }

    @Test func whatAttemptsLeftBeforeAKillIsRemovedByTheNextDaemon() async throws {
        let first = try DaemonProcess(root: folder.path)
        let client = try await first.connect()
        let (worker, _) = try await worker(first)
        _ = try await client.ask(submit(key: "k"), for: Submitted.self)
        let assign: Assign = try await worker.expect()
        let running = try #require(assign.upload.localDirectory)
        #expect(await first.end(SIGKILL) == -SIGKILL)
        let stale = [folder.file("store/incoming/old.7"), folder.file("store/uploads/old.8")]
        for path in stale { try Directory.make(path + "/inner") }
        let second = try DaemonProcess(root: folder.path)
        _ = try await second.connect()
        let deadline = Deadline.in(.seconds(20))
        while try stale.contains(where: { try FileIO.status($0) != nil }), !deadline.hasPassed {
            try await Poller.shared.sleep(until: .in(.milliseconds(20)))
        }
        #expect(try stale.allSatisfy { try FileIO.status($0) == nil })
        #expect(try FileIO.status(running) != nil, "the attempt of a running job lost its folder")
    }

    @Test func anArtifactOfNoBuildIsRemovedAfterAWhile() async throws {
        let orphan = folder.file("store/blobs/sha256/" + String(repeating: "a", count: 64))
        try Directory.make(FileIO.parent(orphan))
        try AtomicFile.write([1, 2, 3], to: orphan)
        let daemon = try DaemonProcess(root: folder.path, ["--keep-unused", "1000", "--housekeeping", "100"])
        _ = try await daemon.connect()
        let deadline = Deadline.in(.seconds(30))
        func isGone() throws -> Bool {
            try FileIO.status(orphan) == nil && Directory.entries(folder.file("store/trash")).isEmpty
        }
        while try !isGone(), !deadline.hasPassed {
            try await Poller.shared.sleep(until: .in(.milliseconds(50)))
        }
        #expect(try isGone())
    }

    @Test func termEndsItInGoodOrder() async throws {
        let daemon = try DaemonProcess(root: folder.path)
        let connection = try await daemon.connect()
        let build = try await connection.ask(submit(key: "k"), for: Submitted.self).build
        try await connection.send(Watch(build: build, from: 1), id: 5)
        let _: EventMessage = try await connection.expect()
        #expect(await daemon.end(SIGTERM) == 0)
        #expect(try daemon.log().contains("factoryd has ended."))
    }

    /// Submitters work while the daemon is killed again and again; each retries with its key until it is answered.
    @Test func everyAcknowledgedSubmitIsThereOnceAfterKill9() async throws {
        let seed = UInt64.random(in: 1...UInt64.max)
        var random = seed
        let acknowledged = Locked<[String: BuildID]>([:])
        let root = folder.path
        for round in 0..<6 {
            let daemon = try DaemonProcess(root: root)
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let life = Duration.milliseconds(Int64(60 + (random >> 33) % 250))
            let clients = try await [daemon.connect(), daemon.connect(), daemon.connect(), daemon.connect()]
            await withTaskGroup(of: Void.self) { group in
                for (number, client) in clients.enumerated() {
                    group.addTask {
                        // Until the connection breaks. Every key is tried twice, the second time for the same answer.
                        for index in 0..<100_000 {
                            let key = "\(round).\(number).\(index / 2)"
                            do {
                                let answer = try await client.ask(submit(key: key), for: Submitted.self)
                                let before = acknowledged.withLock { $0.updateValue(answer.build, forKey: key) }
                                #expect(before == nil || before == answer.build, "seed \(seed)")
                            } catch {
                                return
                            }
                        }
                    }
                }
                do throws(IOError) {
                    try await Poller.shared.sleep(until: .in(life))
                } catch {
                    Issue.record("\(error)")
                }
                #expect(await daemon.end(SIGKILL) == -SIGKILL)
            }
        }
        let daemon = try DaemonProcess(root: root)
        let client = try await daemon.connect()
        let known = acknowledged.withLock { $0 }
        #expect(!known.isEmpty)
        #expect(Set(known.values).count == known.count, "two keys, one build; seed \(seed)")
        for (key, build) in known.shuffled().prefix(300) {
            let again = try await client.ask(submit(key: key), for: Submitted.self)
            #expect(again.build == build, "key \(key), seed \(seed)")
            #expect(again.repeated)
        }
    }

    @Test func aRunningJobGoesOnAndEveryLineIsSeenOnceThroughKill9() async throws {
        var daemon = try DaemonProcess(root: folder.path)
        var client = try await daemon.connect()
        var (worker, _) = try await worker(daemon)
        let build = try await client.ask(submit(key: "k"), for: Submitted.self).build
        let assign: Assign = try await worker.expect()
        try await worker.send(Accepted(job: assign.job, fence: assign.fence))
        var seen: [Event] = []
        var spool: Int64 = 0
        for round in 0..<4 {
            try await client.send(Watch(build: build, from: (seen.last?.seq ?? 0) + 1), id: 4)
            for _ in 0..<5 {
                // The last batch is sent and not waited for: whether it was stored is open when the daemon dies.
                try await worker.send(
                    JobEvents(job: assign.job, fence: assign.fence, events: (spool + 1...spool + 10).map(line)))
                spool += 10
            }
            while seen.count < 10 * (round + 1) {
                seen.append(try await client.expect(EventMessage.self).event)
            }
            #expect(await daemon.end(SIGKILL) == -SIGKILL)
            daemon = try DaemonProcess(root: folder.path)
            client = try await daemon.connect()
            let held = HeldJob(job: assign.job, fence: assign.fence, through: spool)
            let resumed: Resumed
            (worker, resumed) = try await self.worker(daemon, holding: [held])
            let kept = try #require(resumed.keep.first)
            #expect(resumed.drop.isEmpty)
            let missing = (kept.ackedThrough + 1..<spool + 1).map(line)
            if !missing.isEmpty {
                let ack = try await worker.ask(
                    JobEvents(job: assign.job, fence: assign.fence, events: missing), for: Ack.self)
                #expect(ack.through == spool)
            }
        }
        let _: Settled = try await worker.ask(Finished(job: assign.job, fence: assign.fence, outcome: .succeeded))
        seen += try await client.watch(build, from: (seen.last?.seq ?? 0) + 1)
        #expect(seen.map(\.seq) == Array(1...Int64(seen.count)))
        let lines = seen.compactMap { event -> String? in
            guard case .log(let line) = event.kind else { return nil }
            return line.text
        }
        #expect(lines == (1...spool).map { "line \($0)" })
        #expect(seen.filter { $0.kind.name == "buildEnded" }.count == 1)
        let states = seen.compactMap { event -> JobState? in
            guard case .jobStateChanged(let change) = event.kind else { return nil }
            return change.state
        }
        #expect(states == [.ready, .leased, .running, .succeeded], "no step is repeated")
    }

    @Test func systemdIsToldThatItIsReadyAliveAndStopping() async throws {
        let path = folder.file("notify")
        let fd = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        defer { close(fd) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let bound = withUnsafeBytes(of: address) { raw in
            bind(fd, raw.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t(raw.count))
        }
        try #require(bound == 0)
        var patience = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        let daemon = try DaemonProcess(
            root: folder.path, environment: ["NOTIFY_SOCKET": path, "WATCHDOG_USEC": "200000"])
        func heard(_ wanted: String) async -> Bool {
            await OwnThread.run("notify") {
                var buffer = [UInt8](repeating: 0, count: 4096)
                while true {
                    let count = recv(fd, &buffer, buffer.count, 0)
                    guard count > 0 else { return false }
                    if String(decoding: buffer[..<count], as: UTF8.self).contains(wanted) { return true }
                }
            }
        }
        #expect(await heard("READY=1"))
        #expect(await heard("WATCHDOG=1"))
        #expect(await heard("WATCHDOG=1"))
        kill(daemon.pid, SIGTERM)
        #expect(await heard("STOPPING=1"))
        #expect(await daemon.ended() == 0)
    }

    @Test(arguments: [
        (["--hartbeat", "5"], "did you mean '--heartbeat'", Int32(2)),
        (["--dead", "soon"], "must be a whole number", 2),
        (["--config", "/nowhere/factoryd.yaml"], "/nowhere/factoryd.yaml", 2),
        (["--listen", "0.0.0.0:0", "--http-listen", "127.0.0.1:0"], "--listen: 0.0.0.0:0 is no loopback address", 2),
        (["--http-listen", "127.0.0.1:99999"], "--http-listen: \"127.0.0.1:99999\" has no port from 0 to 65535", 2),
        (["--http-listen", "nowhere:80"], "--http-listen: \"nowhere:80\" is no address", 2),
        (["--listen", "127.0.0.1:0"], "--listen needs --http-listen as well", 2),
        (["--log-level", "a\u{1B}[31mb"], "the value of '--log-level' is 'ab'", 2),
        (["--dead", "20"], "dead (20) must be at least twice heartbeat (1000)", 2),
        (["--dead", "1999"], "dead (1999) must be at least twice heartbeat (1000)", 2),
    ])
    func wrongSettingsAreNamed(options: [String], words: String, status: Int32) async throws {
        let daemon = try DaemonProcess(root: folder.path, options)
        #expect(await daemon.ended() == status)
        #expect(try daemon.log().contains(words))
    }

    @Test func namesThatTheMachineDoesNotHaveAreWarnedOf() async throws {
        let daemon = try DaemonProcess(
            root: folder.path, ["--worker-user", "nosuch", "--admin-group", "typo", "--worker-user", "root"])
        _ = try await daemon.connect()
        let warnings = try daemon.log().split(separator: "\n").filter {
            $0.contains("A name in the settings is unknown")
        }
        #expect(warnings.count == 2, "\(warnings)")
        for name in ["there is no user 'nosuch'", "there is no group 'typo'"] {
            #expect(warnings.contains { $0.contains(name) })
        }
    }

    @Test func aPathThatIsTooLongForSocketsIsRefusedBeforeAnythingIsMade() async throws {
        let root = folder.file(String(repeating: "d", count: 100))
        var said = ""
        let status = try await Command(BuiltPrograms.path("factoryd"), ["--root", root])
            .run(until: .in(.seconds(30))) { said += $0.text + "\n" }
        #expect(status == .exited(2))
        #expect(said.contains("give a shorter --root, at most "), "\(said)")
        #expect(try FileIO.status(root) == nil)
    }

    @Test(arguments: ["noise", "cut", "zeros"])
    func aDamagedDatabaseIsNamedWithWhatHelps(damage: String) async throws {
        let first = try DaemonProcess(root: folder.path)
        _ = try await first.connect()
        #expect(await first.end(SIGTERM) == 0)
        #expect(try !first.log().contains("A connection ended with an error"))
        let path = folder.file("factory.sqlite")
        let size = try #require(try FileIO.status(path)?.size)
        switch damage {
        case "noise":
            try AtomicFile.write((0..<50_000).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ $0 >> 3) }, to: path)
        case "cut": try #require(truncate(path, size / 2 / 4096 * 4096) == 0)
        default: try FileIO.write([UInt8](repeating: 0, count: 4096), to: FileIO.open(path, O_WRONLY), at: 0)
        }
        let daemon = try DaemonProcess(root: folder.path)
        #expect(await daemon.ended() == 1)
        let log = try daemon.log()
        #expect(log.contains("database \(path) is damaged") && log.contains("factoryd --backup"), "\(log)")
    }

    @Test func aNewQueueBesideWhatAnOlderOneLeftIsWarnedOf() async throws {
        let first = try DaemonProcess(root: folder.path)
        _ = try await first.connect()
        #expect(await first.end(SIGTERM) == 0)
        #expect(try !first.log().contains("The queue is new"), "a new farm is no loss")
        for name in ["factory.sqlite", "factory.sqlite-wal", "factory.sqlite-shm"] {
            try FileIO.removeFile(folder.file(name))
        }
        try AtomicFile.write([1], to: folder.file("store/blobs/sha256/" + String(repeating: "a", count: 64)))
        let next = try DaemonProcess(root: folder.path)
        _ = try await next.connect()
        #expect(try next.log().contains("The queue is new, and there are logs and artifacts of an older one"))
    }

    @Test func aStopInGoodOrderWarnsOfNoConnection() async throws {
        let daemon = try DaemonProcess(root: folder.path)
        let client = try await daemon.connect()
        let worker = try await daemon.connect(.worker, name: "w1")
        let offer = Register(architectures: [.amd64], slots: 1, capabilities: [:], host: "h")
        let _: Registered = try await worker.ask(offer)
        let _: Resumed = try await worker.ask(Resume(jobs: []))
        #expect(await daemon.end(SIGTERM) == 0)
        let log = try daemon.log()
        #expect(!log.contains("warning"), "\(log)")
        client.close()
        worker.close()
    }

    @Test func aConfigurationFileIsReadAndItsMistakesHaveAPlace() async throws {
        let file = folder.file("factoryd.yaml")
        try AtomicFile.write(Array("heartbeat: 500\nded: 3\n".utf8), to: file)
        let broken = try DaemonProcess(root: folder.path, ["--config", file])
        #expect(await broken.ended() == 2)
        #expect(try broken.log().contains("\(file):2:1: there is no setting 'ded'; did you mean 'dead'?"))
        try AtomicFile.write(Array("listen: 127.0.0.1:0\nhttp-listen: 127.0.0.1:0\n".utf8), to: file)
        let daemon = try DaemonProcess(root: folder.path, ["--config", file])
        _ = try await daemon.connect()
        #expect(try daemon.log().contains("127.0.0.1:"))
    }

    /// After a failed sync the kernel may have dropped the page, so that a later success would prove nothing. The fault is
    /// put under the real daemon by a library that answers one fdatasync of the write-ahead log with EIO.
    @Test func aFailedSyncEndsTheDaemonAndNothingMoreIsAccepted() async throws {
        let library = folder.file("fault.so")
        try FileIO.write(Array(Self.failingSync.utf8), to: FileIO.open(folder.file("fault.c"), O_WRONLY | O_CREAT))
        let compile = Command("gcc", ["-shared", "-fPIC", "-o", library, folder.file("fault.c"), "-ldl"])
        try await compile.runSuccessfully(until: .in(.seconds(60)))
        let daemon = try DaemonProcess(
            root: folder.path, environment: ["LD_PRELOAD": library, "FAULT": folder.file("fault")])
        let client = try await daemon.connect()
        let _: Submitted = try await client.ask(submit(key: "before"))
        try FileIO.open(folder.file("fault"), O_WRONLY | O_CREAT).close()
        await #expect(throws: (any Error).self) { let _: Submitted = try await client.ask(submit(key: "lost")) }
        // Whatever is asked for until it has ended.
        await #expect(throws: (any Error).self) { let _: Submitted = try await client.ask(submit(key: "after")) }
        #expect(await daemon.ended() == 1)
        #expect(try daemon.log().contains("the disk failed"))

        let next = try DaemonProcess(root: folder.path)
        let again = try await next.connect()
        let builds: Builds = try await again.ask(ListBuilds())
        #expect(!builds.builds.isEmpty)
    }

    private static let failingSync = """
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <errno.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        #include <unistd.h>
        int fdatasync(int fd) {
          static int (*real)(int);
          char link[64], path[4096];
          if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
          snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
          ssize_t n = readlink(link, path, sizeof path - 1);
          path[n < 0 ? 0 : n] = 0;
          const char *fault = getenv("FAULT");
          if (strstr(path, "-wal") && fault && access(fault, F_OK) == 0) { unlink(fault); errno = EIO; return -1; }
          return real(fd);
        }
        """

    @Test(.enabled(if: geteuid() == 0, "needs root: a full disk is a small tmpfs"))
    func aFullDiskRefusesWorkAndTheFarmLivesOn() async throws {
        let disk = folder.file("disk")
        try #require(mkdir(disk, 0o700) == 0)
        try #require(mount("tmpfs", disk, "tmpfs", 0, "size=6m") == 0)
        defer { umount2(disk, Int32(MNT_DETACH)) }
        var daemon = try DaemonProcess(root: disk)
        var client = try await daemon.connect()
        let ballast = Glibc.open(disk + "/ballast", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(ballast) }
        let block = [UInt8](repeating: 7, count: 1 << 16)
        while write(ballast, block, block.count) > 0 {}
        var refusal: ErrorReply?
        var accepted: [BuildID] = []
        for index in 0..<5000 where refusal == nil {
            do {
                accepted.append(try await client.ask(submit(key: "\(index)"), for: Submitted.self).build)
            } catch let error as ErrorReply {
                refusal = error
            }
        }
        #expect(refusal?.code == "disk-full")
        _ = try await client.ask(ListBuilds(), for: Builds.self)
        // Stopping is no failure either, although the log cannot be emptied now.
        #expect(await daemon.end(SIGTERM) == 0)
        #expect(try !daemon.log().contains("cannot start"))
        daemon = try DaemonProcess(root: disk)
        client = try await daemon.connect()
        #expect(ftruncate(ballast, 0) == 0)
        let build = try await client.ask(submit(key: "after"), for: Submitted.self).build
        let (worker, _) = try await worker(daemon)
        for _ in 0...accepted.count {
            let assign: Assign = try await worker.expect()
            try await worker.send(Accepted(job: assign.job, fence: assign.fence))
            let _: Settled = try await worker.ask(
                Finished(job: assign.job, fence: assign.fence, outcome: .succeeded))
        }
        for build in accepted.suffix(3) + [build] {
            let events = try await client.watch(build)
            #expect(events.map(\.seq) == Array(1...Int64(events.count)))
        }
    }
}
