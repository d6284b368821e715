import FactoryProtocol
import Glibc
import IO
import JSON
import TestSupport
import Testing

@testable import FactoryEvents

private let now = Timestamp(milliseconds: 1)
private let job = JobID("01B.image-amd64")

/// A log in a folder of its own, and its index.
private struct LogFolder {
    let folder: TemporaryFolder
    var log: String { folder.file("events.ndjson") }
    var index: String { folder.file("events.index") }

    init() throws { folder = try TemporaryFolder() }

    func write(_ bytes: [UInt8], to path: String) throws {
        try FileIO.write(bytes, to: try FileIO.open(path, O_WRONLY | O_CREAT | O_TRUNC))
    }

    /// Opens the log; another index is due after 256 KiB.
    func open() throws -> BuildLog { try BuildLog(path: log, growth: 256 << 10) }

    func read(_ path: String) throws -> [UInt8] { try FileIO.read(path, limit: 1 << 30) }

    /// The log as it is found without an index.
    func scanned() throws -> BuildLog {
        let copy = folder.file("copy.ndjson")
        try FileIO.removeFile(folder.file("copy.index"))
        try write(read(log), to: copy)
        return try BuildLog(path: copy)
    }
}

/// A log whose lines are made here, with what each says.
private struct RandomLog {
    private(set) var lines: [[UInt8]] = []
    /// What the log says after so many lines.
    private(set) var contents: [LogContents] = [LogContents()]

    init(events: Int, using random: inout some RandomNumberGenerator) throws {
        var spool: [LogContents.Attempt: Int64] = [:]
        var farm: Int64 = 0
        for seq in 1...Int64(events) {
            var event = Event(seq: seq, at: now, kind: .log(LogLine(text: text(&random))))
            var stored = StoredEvent(event: event, spoolSeq: nil, farmSeq: nil)
            switch Int.random(in: 0..<10, using: &random) {
            case 0:
                farm += Int64.random(in: 1...3, using: &random)
                stored.farmSeq = farm
                if Bool.random(using: &random) { event.kind = ended }
            default:
                let key = LogContents.Attempt(
                    job: JobID("01B.job-\(Int.random(in: 1...3, using: &random))"),
                    number: Int.random(in: 1...2, using: &random))
                spool[key, default: 0] += 1
                (event.job, event.attempt, stored.spoolSeq) = (key.job, key.number, spool[key])
                if Int.random(in: 0..<20, using: &random) == 0 {
                    event.kind = .warning(Warning(code: Warning.logCapped, message: "full"))
                }
            }
            stored.event = event
            let line = try stored.line()
            var next = contents[contents.count - 1]
            next.note(stored, length: Int64(line.count))
            lines.append(line)
            contents.append(next)
        }
    }
}

private let ended = Event.Kind.buildEnded(
    BuildEnded(verdict: Verdict(result: .succeeded, message: "done", milliseconds: 1)))

private func text(_ random: inout some RandomNumberGenerator) -> String {
    String(
        repeating: ["x", "\"", "é", "\\"][Int.random(in: 0..<4, using: &random)],
        count: .random(in: 0...60, using: &random))
}

/// A change that makes an index useless; signed again, so that only its content is wrong.
struct WrongIndex: Sendable, CustomStringConvertible {
    let description: String
    let change: @Sendable (inout LogIndex) -> Void

    init(_ description: String, _ change: @escaping @Sendable (inout LogIndex) -> Void) {
        (self.description, self.change) = (description, change)
    }
}

/// A change of the bytes of an index.
struct BrokenIndex: Sendable, CustomStringConvertible {
    let description: String
    let change: @Sendable (inout [UInt8]) -> Void

    init(_ description: String, _ change: @escaping @Sendable (inout [UInt8]) -> Void) {
        (self.description, self.change) = (description, change)
    }
}

@Suite struct LogIndexTests {
    /// The number that gives away whether an index was trusted.
    private static let lie: Int64 = 123_456_789

    /// A log of 300 events with an index of 260 of them.
    private func indexed(_ folder: LogFolder) throws -> LogIndex {
        var random = Seeded(state: 7)
        let log = try RandomLog(events: 300, using: &random)
        try folder.write(log.lines.flatMap { $0 }, to: folder.log)
        var index = try #require(try LogIndex(log.contents[260], of: try LogFile(path: folder.log)))
        index.lastFarmEvent = Self.lie
        return index
    }

    /// Opens the log and checks that its index was ignored and removed, and that the log is as it was.
    private func expectIgnored(_ folder: LogFolder) throws {
        let bytes = try folder.read(folder.log)
        let opened = try BuildLog(path: folder.log)
        #expect(try opened.contents == folder.scanned().contents)
        #expect(opened.damage == nil)
        #expect(try folder.read(folder.log) == bytes)
        #expect(try FileIO.status(folder.index)?.kind != .file)
    }

    @Test func anIndexThatChecksIsTrusted() throws {
        let folder = try LogFolder()
        var index = try indexed(folder)
        index.attempts[0].bytes += 1
        try folder.write(index.bytes(), to: folder.index)
        let opened = try BuildLog(path: folder.log)
        #expect(opened.lastSeq == 300)
        // What the lines behind the index say wins, so the bytes of the first attempt give it away.
        let key = LogContents.Attempt(job: index.attempts[0].job, number: index.attempts[0].number)
        #expect(try opened.contents.attempts[key]?.bytes == (folder.scanned().contents.attempts[key]?.bytes ?? 0) + 1)
    }

    @Test(arguments: [
        BrokenIndex("empty") { $0 = [] },
        BrokenIndex("torn in the digest") { $0 = Array($0.prefix(30)) },
        BrokenIndex("torn in the middle") { $0 = Array($0.prefix($0.count / 2)) },
        BrokenIndex("without its end") { $0 = Array($0.dropLast()) },
        BrokenIndex("with more behind it") { $0 += Array("x\n".utf8) },
        BrokenIndex("one bit flipped") { $0[$0.count / 2] ^= 1 },
        BrokenIndex("zeros") { $0 = [UInt8](repeating: 0, count: $0.count) },
        BrokenIndex("no digest") { $0 = Array($0.drop { $0 != UInt8(ascii: "{") }) },
    ])
    func anIndexThatIsNotWholeIsIgnored(broken: BrokenIndex) throws {
        let folder = try LogFolder()
        var bytes = try indexed(folder).bytes()
        broken.change(&bytes)
        try folder.write(bytes, to: folder.index)
        try expectIgnored(folder)
    }

    @Test(arguments: [
        WrongIndex("another format") { $0.format = 2 },
        WrongIndex("another stride") { $0.stride = 64 },
        WrongIndex("no stride") { $0.stride = 0 },
        WrongIndex("longer than the log") { $0.end += 1 << 20 },
        WrongIndex("as long as a number can be") { $0.end = .max },
        WrongIndex("negative length") { $0.end = -1 },
        WrongIndex("last line elsewhere") { $0.lastLine -= 1 },
        WrongIndex("last line before the log") { $0.lastLine = .min },
        WrongIndex("last line behind the log") { $0.lastLine = .max },
        WrongIndex("another last line") { $0.lastLineDigest = String($0.lastLineDigest.reversed()) },
        WrongIndex("another number") { $0.lastSeq += 1 },
        WrongIndex("no event") { $0.lastSeq = 0 },
        WrongIndex("greatest number") { $0.lastSeq = .max },
        WrongIndex("least number") { $0.lastSeq = .min },
        WrongIndex("an end that is none") { $0.hasEnded.toggle() },
        WrongIndex("no offsets") { $0.offsets = [] },
        WrongIndex("too few offsets") { $0.offsets.removeLast() },
        WrongIndex("too many offsets") { $0.offsets.append($0.lastLine) },
        WrongIndex("offsets the wrong way") { $0.offsets.swapAt(1, 2) },
        WrongIndex("an offset beyond") { $0.offsets[2] = .max },
        WrongIndex("a first offset that is not 0") { $0.offsets[0] = 1 },
        WrongIndex("an attempt twice") { $0.attempts.append($0.attempts[0]) },
        WrongIndex("bytes beyond the log") { $0.attempts[0].bytes = .max },
        WrongIndex("negative bytes") { $0.attempts[0].bytes = -1 },
        WrongIndex("negative spool number") { $0.attempts[0].through = -1 },
        WrongIndex("negative outbox number") { $0.lastFarmEvent = -1 },
    ])
    func anIndexThatContradictsItselfOrItsLogIsIgnored(wrong: WrongIndex) throws {
        let folder = try LogFolder()
        var index = try indexed(folder)
        wrong.change(&index)
        try folder.write(index.bytes(), to: folder.index)
        try expectIgnored(folder)
    }

    @Test func anIndexOfAnotherLogIsIgnored() throws {
        let folder = try LogFolder()
        var random = Seeded(state: 8)
        let other = try RandomLog(events: 300, using: &random)
        let index = try indexed(folder)
        try folder.write(index.bytes(), to: folder.index)
        try folder.write(other.lines.flatMap { $0 }, to: folder.log)
        try expectIgnored(folder)
    }

    @Test func whatLiesInThePlaceOfAnIndexHarmsNothing() async throws {
        let folder = try LogFolder()
        _ = try indexed(folder)
        try Directory.make(folder.index + "/full")
        try expectIgnored(folder)
        let log = try folder.open()
        try await log.append(farm: [(1 << 40, Event(seq: 0, at: now, kind: ended))])
        try await append(300 << 10, to: log)
        try log.sync()
        #expect(try folder.open().contents == log.contents)
    }

    /// Random logs that are cut or damaged anywhere, with an index of any part of them.
    @Test func aLogThatIsOpenedWithItsIndexSaysWhatItSaysWithout() throws {
        let seed: UInt64 = 20_261_128
        print("LogIndexTests: seed \(seed)")
        var random = Seeded(state: seed)
        var trusted = 0
        for round in 1...60 {
            let folder = try LogFolder()
            let log = try RandomLog(events: .random(in: 1...400, using: &random), using: &random)
            var bytes = log.lines.flatMap { $0 }
            try folder.write(bytes, to: folder.log)
            let covered = log.contents[.random(in: 1...log.lines.count, using: &random)]
            let index = try #require(try LogIndex(covered, of: try LogFile(path: folder.log)))
            switch round % 3 {
            case 0: bytes = Array(bytes.prefix(.random(in: 0...bytes.count, using: &random)))
            case 1: bytes[.random(in: bytes.indices, using: &random)] = 0
            default: break
            }
            // What the disk has had before the index is not damaged: an index is written when the log is on the disk.
            let isWhole = round % 3 == 0 || bytes.prefix(Int(covered.end)).allSatisfy { $0 != 0 }
            guard isWhole else { continue }
            try folder.write(bytes, to: folder.log)
            try folder.write(index.bytes(), to: folder.index)
            let without = try folder.scanned()
            let with = try BuildLog(path: folder.log)
            #expect(with.contents == without.contents, "round \(round), seed \(seed)")
            #expect((with.damage == nil) == (without.damage == nil), "round \(round), seed \(seed)")
            #expect(try folder.read(folder.log) == folder.read(folder.folder.file("copy.ndjson")))
            if try FileIO.status(folder.index) != nil { trusted += 1 }
            #expect(try BuildLog(path: folder.log).contents == without.contents)
        }
        #expect(trusted > 15)
    }

    /// More than the file of the counters has.
    private static let countersSize = 1000

    /// What `body` read from files on this thread, in bytes, as the kernel counts it (proc_pid_io(5)).
    private func bytesRead<Value>(_ body: () throws -> Value) throws -> (Value, Int) {
        let before = try bytesRead()
        let value = try body()
        return (value, try bytesRead() - before)
    }

    private func bytesRead() throws -> Int {
        let counters = try FileIO.readText("/proc/thread-self/io", limit: 4096)
        return try #require(
            counters.split(whereSeparator: { $0 == " " || $0 == "\n" }).dropFirst().first.flatMap { Int($0) })
    }

    @Test func aLongLogIsOpenedAndItsEndIsReadWithoutReadingTheRest() async throws {
        let folder = try LogFolder()
        let (count, width) = (Int64(34_000), 6000)
        let path = folder.log
        let contents = try await OwnThread.run("test") { try writeLines(Int(count), width: width, to: path) }
        let index = try #require(try LogIndex(contents, of: try LogFile(path: folder.log)))
        try folder.write(index.bytes(), to: folder.index)
        let indexSize = try index.bytes().count
        let (log, read) = try bytesRead { try BuildLog(path: folder.log) }
        #expect(log.lastSeq == count)
        #expect(log.contents == contents)
        #expect(read <= indexSize + 2 * Int(width) + Self.countersSize, "opening read \(read) bytes")
        let (last, more) = try bytesRead { try log.read(from: count - 9).map(\.seq) }
        #expect(last == Array(count - 9...count))
        #expect(more <= 128 * Int(width) + (64 << 10) + Self.countersSize, "\(more) bytes were read for ten events")
        #expect(try log.read(from: 7000).first?.seq == 7000)
    }

    @Test func aLogThatGrowsAndOneWhoseBuildHasEndedGetAnIndex() async throws {
        let folder = try LogFolder()
        var log = try folder.open()
        try await append(200 << 10, to: log)
        try log.sync()
        #expect(try FileIO.status(folder.index) == nil, "each append or sync wrote an index")
        try await append(90 << 10, to: log)
        #expect(try FileIO.status(folder.index)?.permissions == 0o640)
        log = try expectIndexed(folder, log, tail: 60 << 10)
        try await append(100 << 10, to: log)
        try await log.append(farm: [(1, Event(seq: 0, at: now, kind: ended))])
        try log.sync()
        log = try expectIndexed(folder, log, tail: 0)
        #expect(log.hasEnded)
        // Tried again.
        try await append(300 << 10, to: log)
        log = try expectIndexed(folder, log, tail: 60 << 10)
        #expect(!log.hasEnded)
        try await log.append(farm: [(2, Event(seq: 0, at: now, kind: ended))])
        try log.sync()
        _ = try expectIndexed(folder, log, tail: 64 << 10)
        try FileIO.removeFile(folder.folder.file("copy.index"))
        let names = try Directory.entries(folder.folder.path).map(\.name)
        #expect(names == ["copy.ndjson", "events.index", "events.ndjson"])
    }

    @Test func aLongLogWithoutAnIndexHasOneOnceItWasRead() async throws {
        let folder = try LogFolder()
        var log = try folder.open()
        try await append(300 << 10, to: log)
        try FileIO.removeFile(folder.index)
        let read: Int
        (log, read) = try bytesRead { try folder.open() }
        #expect(read >= 300 << 10)
        _ = try expectIndexed(folder, log, tail: 0)
    }

    @Test func aShortLogHasNoIndex() async throws {
        let folder = try LogFolder()
        let log = try BuildLog(path: folder.log)
        try await log.append(farm: [(1, Event(seq: 0, at: now, kind: ended))])
        try log.sync()
        #expect(try FileIO.status(folder.index) == nil)
    }

    @Test func anUnreadableLineThatAnIndexCoversIsSetAsideAtTheNextOpening() async throws {
        let folder = try LogFolder()
        try await append(300 << 10, to: try folder.open())
        var bytes = try folder.read(folder.log)
        bytes[150 << 10] = 0
        try folder.write(bytes, to: folder.log)
        let log = try folder.open()
        #expect(log.damage == nil)
        await #expect(throws: EventsError.self) { for try await _ in EventStream(log, from: 1, follow: false) {} }
        let again = try folder.open()
        #expect(again.damage != nil)
        var last: Int64 = 0
        for try await event in EventStream(again, from: 1, follow: false) { last = event.seq }
        #expect(last == again.lastSeq)
    }

    @Test func aLogThatIsRemovedTakesItsIndexWithIt() async throws {
        let folder = try TemporaryFolder()
        let logs = EventLogs(folder: folder.path)
        let build = BuildID("01B")
        let log = try await logs.log(of: build)
        try await append(100 << 10, to: log)
        try await log.append(farm: [(1, Event(seq: 0, at: now, kind: ended))])
        try await OwnThread.run("test") { () throws(EventsError) in try log.sync() }
        #expect(try FileIO.status(folder.file("01B/events.index")) != nil)
        try await logs.remove(build)
        #expect(try FileIO.status(folder.file("01B")) == nil)
        #expect(try await logs.log(of: build).lastSeq == 0)
    }

    @Test func logsThatAreLetGoOfLoseNothing() async throws {
        let folder = try TemporaryFolder()
        let logs = EventLogs(folder: folder.path, limit: 2)
        let builds = (1...8).map { BuildID("01B\($0)") }
        for round in Int64(1)...3 {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for build in builds {
                    group.addTask {
                        let log = try await logs.log(of: build)
                        try await append(100 << 10, to: log)
                        try await log.append(farm: [(round, Event(seq: 0, at: now, kind: ended))])
                        try await OwnThread.run("test") { () throws(EventsError) in try log.sync() }
                    }
                }
                try await group.waitForAll()
            }
        }
        for build in builds {
            let log = try await logs.log(of: build)
            #expect(log.hasEnded)
            #expect(log.lastFarmEvent == 3)
            #expect(log.lastSeq == 3 * 51)
            #expect(try BuildLog(path: folder.file("\(build)/events.ndjson")).contents == log.contents)
        }
    }

    /// Opens a log again and checks that no more than `tail` behind its index was read, and that it says the same.
    private func expectIndexed(_ folder: LogFolder, _ log: BuildLog, tail: Int64) throws -> BuildLog {
        let indexSize = try Int(FileIO.status(folder.index)?.size ?? 0)
        let (again, read) = try bytesRead { try folder.open() }
        #expect(again.contents == log.contents)
        // The last line that the index covers is read too.
        #expect(read <= Int(tail) + indexSize + (4 << 10) + Self.countersSize, "opening read \(read) bytes")
        #expect(try again.contents == folder.scanned().contents)
        return again
    }
}

/// Appends so many bytes of lines of 2 KiB.
private func append(_ bytes: Int64, to log: BuildLog) async throws {
    let through = log.through(job: job, attempt: 1)
    let line = LogLine(text: String(repeating: "x", count: 2 << 10))
    let last = through + max(1, bytes / (2 << 10))
    for first in stride(from: through + 1, through: last, by: 8) {
        let batch = (first...min(first + 7, last)).map { Event(seq: $0, at: now, kind: .log(line)) }
        _ = try await log.append(batch, job: job, attempt: 1)
    }
}

/// Writes a log of many lines of one width without encoding each; returns what it says.
private func writeLines(_ count: Int, width: Int, to path: String) throws -> LogContents {
    let event = Event(seq: 1, at: now, job: job, attempt: 1, kind: .log(LogLine(text: "")))
    var stored = StoredEvent(event: event, spoolSeq: 1, farmSeq: nil)
    let template = String(decoding: try stored.line(), as: UTF8.self)
    let parts = template.split(separator: ":1", omittingEmptySubsequences: false).map(String.init)
    // {"at":1,"attempt":1,"job":…,"kind":…,"seq":1,"spoolSeq":1,"text":""}
    try #require(parts.count == 5)
    let padding = [UInt8](repeating: UInt8(ascii: "x"), count: width)
    var contents = LogContents()
    let file = try FileIO.open(path, O_WRONLY | O_CREAT | O_TRUNC)
    var bytes: [UInt8] = []
    for number in 1...count {
        let text = "\(parts[0]):1\(parts[1]):1\(parts[2]):\(number)\(parts[3]):\(number)\(parts[4].dropLast(3))"
        bytes += text.utf8
        bytes += padding.prefix(width - text.utf8.count - 3)
        bytes += Array("\"}\n".utf8)
        (stored.event.seq, stored.spoolSeq) = (Int64(number), Int64(number))
        contents.note(stored, length: Int64(width))
        if bytes.count > 4 << 20 || number == count {
            try FileIO.write(bytes, to: file)
            bytes.removeAll(keepingCapacity: true)
        }
    }
    return contents
}
