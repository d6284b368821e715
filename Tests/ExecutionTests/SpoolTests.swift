import FactoryExecution
import FactoryProtocol
import FactorySpec
import Glibc
import IO
import TestSupport
import Testing

struct SpoolTests {
    let folder: TemporaryFolder
    let spool: Spool

    init() throws {
        folder = try TemporaryFolder()
        spool = try Spool.make(in: folder.file("spool"), job: JobID("b.self-test"), fence: Fence(7))
    }

    static func line(_ text: String) -> Event.Kind { .log(LogLine(step: "s", text: text)) }

    func writer() throws -> EventWriter {
        try EventWriter(spool) { Issue.record("an event could not be written: \($0)") }
    }

    @Test("A spool made by hand, a folder with an order in it, is enough to run a job")
    func madeByHand() async throws {
        let byHand = Spool(folder.file("by-hand"))
        try Directory.make(byHand.directory)
        try byHand.write(
            order: JobOrder(
                job: JobID("b.self-test"), attempt: 1, fence: Fence(1),
                work: .selfTest(SelfTest(seconds: 1, linesPerSecond: 0, megabytes: 1)), timeoutSeconds: 60,
                trees: folder.file("trees"), cache: folder.file("cache")))
        let host = try JobHost(byHand, stop: StopSignal())
        let result = try await host.run { _, context in
            try AtomicFile.write([1], to: context.out + "/made")
        }
        #expect(result.outcome == .succeeded)
    }

    @Test("A failed job's result has the artifacts that are there, a cancelled one's has none")
    func failedWithArtifacts() async throws {
        func order(_ spool: Spool) throws {
            try spool.write(
                order: JobOrder(
                    job: JobID("b.self-test"), attempt: 1, fence: Fence(1), work: .selfTest(SelfTest(seconds: 1)),
                    timeoutSeconds: 60, trees: folder.file("trees"), cache: folder.file("cache")))
        }
        try order(spool)
        let result = try await JobHost(spool, stop: StopSignal()).run { _, context in
            for (name, size) in [("console.log", Int64(1)), ("lost.iso", 5)] {
                context.report.artifact(
                    Artifact(
                        name: name, role: .consoleLog, digest: Digest(hash: [UInt8](repeating: 1, count: 32)),
                        size: size, mediaType: "text/plain"))
            }
            try AtomicFile.write([1], to: context.out + "/console.log")
            throw JobFailure(.spec, "kernel-panic", "it did not boot")
        }
        guard case .failed(let failure) = result.outcome else {
            Issue.record("\(result)")
            return
        }
        #expect(failure.code == "kernel-panic")
        #expect(result.artifacts.map(\.name) == ["console.log"])
    }

    @Test("Whatever a tool says, and however much of it, the events and the result hold it and fit into frames")
    func wildWords() async throws {
        let wild = "a\0b" + String(repeating: "\u{1}", count: 70_000)
        try spool.write(
            order: JobOrder(
                job: JobID("b.self-test"), attempt: 1, fence: Fence(7), work: .selfTest(SelfTest(seconds: 1)),
                timeoutSeconds: 60, trees: "/t", cache: "/c"))
        let result = try await JobHost(spool, stop: StopSignal()).run { _, context in
            context.report.warn("wild", wild)
            try await context.report.step("s", wild) { step in
                step.note(wild)
                step.log(wild)
                step.progress(done: 1, total: 1, unit: .items, note: wild)
            }
            try await context.report.step("t", "fails") { _ in
                throw JobFailure(
                    .spec, "tool-failed", wild, excerpt: [String](repeating: wild, count: 200), exitStatus: wild)
            }
        }
        guard case .failed(let failure) = result.outcome else {
            Issue.record("\(result)")
            return
        }
        #expect(failure.code == "tool-failed" && failure.step == "t")
        #expect(failure.message.hasPrefix("a\u{fffd}b"))
        #expect(failure.excerpt.count == 80)
        #expect(failure.excerpt.allSatisfy { $0.hasSuffix(" bytes more)") })
        #expect(try spool.result() == result)
        let finished = Finished(job: JobID("b.self-test"), fence: Fence(7), outcome: result.outcome)
        #expect(try finished.frame(id: nil).count < FrameLimits.afterWelcome)
        let follower = try EventFollower(spool, after: 0)
        var seen: [String] = []
        while true {
            let events = try follower.read(limit: 64 * 1024)
            if events.isEmpty { break }
            seen += events.map(\.kind.name)
            let message = JobEvents(job: JobID("b.self-test"), fence: Fence(7), events: events)
            #expect(try message.frame(id: nil).count < FrameLimits.afterWelcome)
        }
        #expect(
            seen == ["warning", "stepStarted", "log", "stepProgress", "stepFinished", "stepStarted", "stepFinished"])
    }

    @Test("A spool whose removal was cut counts no more, and its removal can be finished")
    func halfRemoved() throws {
        let root = folder.file("spool")
        // As a crash between the two halves of the removal leaves it.
        try FileIO.rename(spool.directory, to: "\(root)/.gone-\(spool.name)")
        #expect(try Spool.all(in: root) == [])
        let left = try Spool.halfRemoved(in: root)
        #expect(left.map(\.name) == [".gone-\(spool.name)"])
        // A claim whose removal was cut may come again, and go again.
        try Spool.make(in: root, job: JobID("b.self-test"), fence: Fence(7)).remove()
        #expect(try Directory.entries(root).isEmpty)
        for spool in left { try spool.remove() }
    }

    @Test(
        "A spool that cannot be removed whole counts no more",
        .enabled(if: geteuid() == 0, "needs root: mounts something in it"))
    func unremovable() throws {
        let root = folder.file("spool")
        let place = "\(root)/.gone-\(spool.name)/work"
        #expect(mount("none", spool.work, "tmpfs", 0, "size=4k") == 0)
        defer { umount2(place, Int32(MNT_DETACH)) }
        #expect(throws: ExecutionError.self) { try spool.remove() }
        #expect(try Spool.all(in: root) == [])
        #expect(try Spool.halfRemoved(in: root).count == 1)
    }

    @Test("A spool gives back the order and the result that were written to it")
    func roundTrip() throws {
        let order = JobOrder(
            job: JobID("b.self-test"), attempt: 1, fence: Fence(7), work: .selfTest(SelfTest(seconds: 1)),
            timeoutSeconds: 5, trees: "/t", cache: "/c")
        try spool.write(order: order)
        #expect(try spool.order() == order)
        #expect(try spool.result() == nil)
        let result = JobResult(outcome: .cancelled(Cancellation(reason: "x", killed: true)), artifacts: [])
        try spool.write(result: result)
        #expect(try spool.result() == result)
        #expect(try Spool.all(in: folder.file("spool")) == [spool])
    }

    @Test("Two spools of one claim cannot be")
    func exclusive() {
        let error = #expect(throws: ExecutionError.self) {
            try Spool.make(in: folder.file("spool"), job: JobID("b.self-test"), fence: Fence(7))
        }
        #expect(error?.code == .spoolExists)
    }

    @Test("A spool without an order is none")
    func noOrder() {
        #expect(throws: ExecutionError.self) { try spool.order() }
    }

    @Test("Events are numbered from 1, also across two writers and the line that the first one tore")
    func numbering() throws {
        do {
            let writer = try writer()
            for text in ["a", "b", "c"] { writer.append(Self.line(text)) }
        }
        let file = try FileIO.open(spool.eventsPath, O_WRONLY | O_APPEND)
        try FileIO.write(Array(#"{"at":1,"kind":"log","se"#.utf8), to: file)
        file.close()
        let second = try writer()
        second.append(Self.line("d"))
        let events = try EventFollower(spool, after: 0).read(limit: 1 << 20)
        #expect(events.map(\.seq) == [1, 2, 3, 4])
        #expect(events.last?.kind == Self.line("d"))
    }

    @Test("A file that has grown to its limit takes no more lines and progress, says so once, and takes all else")
    func limited() throws {
        func writer() throws -> EventWriter {
            try EventWriter(spool, limit: 4096) { Issue.record("an event could not be written: \($0)") }
        }
        let progress = Event.Kind.stepProgress(StepProgress(step: "s", done: 1, unit: .items))
        func fill(_ writer: EventWriter) {
            for number in 0..<200 {
                writer.append(Self.line("line \(number)"))
                writer.append(progress)
            }
        }
        let first = try writer()
        fill(first)
        // Also who opens the file again says it no second time.
        let second = try writer()
        fill(second)
        let kept: [Event.Kind] = [
            .stepStarted(StepStarted(step: "t", title: "t")), .warning(Warning(code: "w", message: "w")),
            .bootResult(BootResult(firmware: "bios", passed: true, reason: "r", milliseconds: 1, accelerator: "kvm")),
            .stepFinished(StepFinished(step: "t", result: .done, milliseconds: 1)),
        ]
        for kind in kept { second.append(kind) }
        let events = try EventFollower(spool, after: 0).read(limit: 1 << 20)
        #expect(events.map(\.seq) == Array(1...Int64(events.count)))
        #expect(events.suffix(kept.count).map(\.kind) == kept)
        let before = events.dropLast(kept.count)
        #expect(before.count < 100)
        #expect(before.filter { $0.kind.name == "warning" }.count == 1)
        guard case .warning(let warning) = before.last?.kind else {
            Issue.record("\(before)")
            return
        }
        #expect(warning.code == "log-capped")
    }

    @Test("A follower starts after the number it is given, and hands out as much as it is asked for")
    func resuming() throws {
        let writer = try writer()
        for number in 1...1000 { writer.append(Self.line("line \(number)")) }
        let follower = try EventFollower(spool, after: 400)
        var seen: [Int64] = []
        while true {
            let events = try follower.read(limit: 2000)
            if events.isEmpty { break }
            #expect(events.count < 100)
            seen += events.map(\.seq)
        }
        #expect(seen == Array(401...1000))
    }

    @Test("A line longer than a chunk of the reader arrives whole, and one longer than the cap says what is left out")
    func longLines() throws {
        let writer = try writer()
        // In JSON these take six bytes each.
        writer.append(Self.line(String(repeating: "\u{1}", count: 16 * 1024)))
        writer.append(Self.line(String(repeating: "x", count: 20_000)))
        let events = try EventFollower(spool, after: 0).read(limit: 1)
        #expect(events.map(\.seq) == [1])
        let rest = try EventFollower(spool, after: 1).read(limit: 1 << 20)
        guard case .log(let line) = rest.first?.kind else {
            Issue.record("\(rest)")
            return
        }
        #expect(line.text.hasSuffix("… (3616 bytes more)"))
    }

    @Test("Events arrive while they are written, whole and once")
    func following() async throws {
        let count: Int64 = 2000
        let spool = self.spool
        let writer = try writer()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for number in 1...count {
                    writer.append(Self.line("line \(number)"))
                    if number % 100 == 0 { await Task.yield() }
                }
            }
            let watch = try SpoolWatch(spool)
            let follower = try EventFollower(spool, after: 0)
            var seen: [Int64] = []
            while seen.last != count {
                let events = try follower.read(limit: 10_000)
                if events.isEmpty { try await watch.changed(until: .in(.seconds(20))) }
                seen += events.map(\.seq)
            }
            #expect(seen == Array(1...count))
            try await group.waitForAll()
        }
    }

    @Test(
        "A full disk ends the events with a whole line, and the result still has room",
        .enabled(if: geteuid() == 0, "needs root: mounts a small tmpfs"))
    func fullDisk() throws {
        let small = try SmallDisk(kibibytes: 512)
        let spool = try Spool.make(in: small.path, job: JobID("b.x"), fence: Fence(1))
        let failures = Locked<[ExecutionError.Code]>([])
        let writer = try EventWriter(spool) { error in failures.withLock { $0.append(error.code) } }
        for number in 0..<10_000 { writer.append(Self.line("a line of some length, number \(number)")) }
        #expect(failures.withLock { $0 } == [.diskFull])
        let written = writer.lastSequence
        #expect(try EventFollower(spool, after: 0).read(limit: 1 << 20).map(\.seq) == Array(1...written))
        let result = JobResult(outcome: .succeeded, artifacts: [])
        #expect(throws: ExecutionError.self) { try spool.write(result: result) }
        try writer.useReserve()
        writer.append(Self.line("the last word"))
        try spool.write(result: result)
        #expect(writer.lastSequence == written + 1)
        #expect(try spool.result() == result)
    }
}
