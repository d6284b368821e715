import Dispatch
import FactoryEvents
import FactoryProtocol
import Glibc
import IO
import TestSupport
import Testing

private let jobs = (1...3).map { JobID("01B.job-\($0)") }

private func lines(_ range: ClosedRange<Int64>) -> [Event] {
    range.map { Event(seq: $0, at: Timestamp(milliseconds: 1), kind: .log(LogLine(text: "line \($0)"))) }
}

private func numbered(_ range: ClosedRange<Int64>) -> [(id: Int64, event: Event)] {
    lines(range).map { (id: $0.seq, event: $0) }
}

/// Checks that a log holds each event of these jobs and of the farm once, in their order, in one row of numbers.
private func expectWhole(_ log: BuildLog, each count: Int64) async throws {
    var row: [Int64] = []
    var seen: [JobID?: [String]] = [:]
    for try await event in EventStream(log, from: 1, follow: false) {
        row.append(event.seq)
        let event = try event.event()
        guard case .log(let line) = event.kind else { continue }
        seen[event.job, default: []].append(line.text)
    }
    #expect(row == Array(1...4 * count))
    for source in jobs.map(Optional.some) + [nil] {
        #expect(seen[source] == (1...count).map { "line \($0)" }, "\(source?.rawValue ?? "farm")")
    }
}

@Suite struct AppendingTests {
    @Test(.timeLimit(.minutes(1)))
    func anAppendWaitsForTheDiskOffThePoolAndNothingCountsBefore() async throws {
        let folder = try TemporaryFolder()
        let threads = BlockingThreads("test", most: 1)
        let log = try BuildLog(path: folder.file("events.ndjson"), threads: threads)
        let disk = DispatchSemaphore(value: 0)
        async let slow: Void = threads.run { disk.wait() }
        while threads.started == 0 { await Task.yield() }
        async let first = log.append(lines(1...3), job: jobs[0], attempt: 1)
        async let second = log.append(lines(2...5), job: jobs[0], attempt: 1)
        async let farm = log.append(farm: numbered(1...2))
        for _ in 0..<100 { await Task.yield() }
        #expect(log.lastSeq == 0, "what the disk has not taken counts as stored")
        #expect(log.through(job: jobs[0], attempt: 1) == 0)
        disk.signal()
        await slow
        _ = try await (first, second)
        #expect(try await farm == 2)
        #expect(log.through(job: jobs[0], attempt: 1) == 5)
        #expect(log.lastSeq == 7)
    }

    @Test(.timeLimit(.minutes(1)))
    func batchesThatAreSentTwiceAtOnceAreStoredOnce() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("events.ndjson")
        let log = try BuildLog(path: path)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 1...4 {
                for job in jobs {
                    group.addTask {
                        for seq in stride(from: Int64(1), through: 96, by: 5) {
                            _ = try await log.append(lines(max(1, seq - 3)...seq + 4), job: job, attempt: 1)
                        }
                    }
                }
                group.addTask {
                    for id in stride(from: Int64(1), through: 96, by: 5) {
                        try await log.append(farm: numbered(max(1, id - 3)...id + 4))
                    }
                }
            }
            try await group.waitForAll()
        }
        try await expectWhole(log, each: 100)
        try await expectWhole(try BuildLog(path: path), each: 100)
    }

    /// The file may not grow beyond a limit: some appends that are made at once fail, at different places of a line.
    @Test(.timeLimit(.minutes(1)), arguments: [0, 100, 1000, 5000])
    func nothingOfAFailedAppendCountsAsStored(limit: UInt) async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("events.ndjson")
        await #expect(processExitsWith: .success) { [path = path as String, limit = limit as UInt] in
            signal(SIGXFSZ, SIG_IGN)
            let log = try BuildLog(path: path)
            var most = rlimit(rlim_cur: limit, rlim_max: UInt.max)
            setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &most)
            let failures = await withTaskGroup(of: Bool.self) { group in
                for job in jobs {
                    group.addTask {
                        do {
                            for seq in Int64(1)...100 {
                                _ = try await log.append(lines(max(1, seq - 2)...seq), job: job, attempt: 1)
                            }
                            return false
                        } catch {
                            return (error as? EventsError)?.code == .io
                        }
                    }
                }
                group.addTask {
                    do {
                        for id in Int64(1)...100 { try await log.append(farm: numbered(id...id)) }
                        return false
                    } catch {
                        return (error as? EventsError)?.code == .io
                    }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(failures == 4)
            #expect(try BuildLog(path: path).lastSeq == log.lastSeq)
            most.rlim_cur = UInt.max
            setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &most)
            for job in jobs { #expect(try await log.append(lines(1...100), job: job, attempt: 1) == 100) }
            #expect(try await log.append(farm: numbered(1...100)) == 100)
            try await expectWhole(log, each: 100)
            try await expectWhole(try BuildLog(path: path), each: 100)
        }
    }
}
