import FactoryEvents
import FactoryProtocol
import Glibc
import TestSupport
import Testing

@Suite struct EventSurvivalTests {
    /// A child appends resent batches of two jobs and of the farm, notes what was acknowledged, and is killed at a
    /// random moment; the next one goes on from what the log says.
    @Test(.timeLimit(.minutes(2)))
    func nothingIsDoubledOrMissingAfterKill9() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("events.ndjson")
        let ledger = folder.file("ledger")
        let seed = UInt64.random(in: 1...UInt64.max)
        var state = seed
        for round in 0..<10 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let microseconds = useconds_t(1000 + (state >> 33) % 60_000)
            await #expect(processExitsWith: .signal(SIGKILL), "round \(round), seed \(seed)") {
                [path = path as String, ledger = ledger as String, microseconds = microseconds as useconds_t] in
                try await appendUntilKilled(path, ledger: ledger, after: microseconds)
            }
        }
        let log = try BuildLog(path: path)
        var next: Int64 = 1
        var jobs: [JobID: Int64] = [:]
        var farm: Int64 = 0
        for try await event in EventStream(log, from: 1, follow: false) {
            #expect(event.seq == next, "seed \(seed)")
            next += 1
            let event = try event.event()
            guard case .log(let line) = event.kind, let number = Int64(line.text) else { continue }
            if let job = event.job {
                #expect(number == (jobs[job] ?? 0) + 1, "a job's event doubled or missing; seed \(seed)")
                jobs[job] = number
            } else {
                #expect(number == farm + 1, "an event of the farm doubled or missing; seed \(seed)")
                farm = number
            }
        }
        let acknowledged = try String(decoding: readFile(ledger), as: UTF8.self).split(separator: "\n")
            .compactMap { Int64($0) }.max()
        #expect(log.lastSeq >= (acknowledged ?? .max), "an acknowledged event is lost; seed \(seed)")
        #expect(jobs.count == 2)
    }
}

private func readFile(_ path: String) throws -> [UInt8] {
    let fd = open(path, O_RDONLY | O_CLOEXEC)
    try #require(fd >= 0)
    defer { close(fd) }
    var bytes = [UInt8](repeating: 0, count: 4 << 20)
    let count = read(fd, &bytes, bytes.count)
    return Array(bytes.prefix(max(0, count)))
}

private func appendUntilKilled(_ path: String, ledger: String, after microseconds: useconds_t) async throws {
    let log = try BuildLog(path: path)
    let notes = open(ledger, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    var thread = pthread_t()
    let delay = UnsafeMutablePointer<useconds_t>.allocate(capacity: 1)
    delay.pointee = microseconds
    pthread_create(
        &thread, nil,
        { delay in
            if let delay { usleep(delay.load(as: useconds_t.self)) }
            kill(getpid(), SIGKILL)
            return nil
        }, delay)
    let now = Timestamp(milliseconds: 1)
    func event(_ number: Int64) -> Event {
        Event(seq: number, at: now, kind: .log(LogLine(text: "\(number)")))
    }
    while true {
        for job in [JobID("01B.a"), JobID("01B.b")] {
            let through = log.through(job: job, attempt: 1)
            // From two before what is stored: a resent batch.
            _ = try await log.append((max(1, through - 1)...through + 7).map(event), job: job, attempt: 1)
        }
        let farm = log.lastFarmEvent
        try await log.append(farm: (max(1, farm - 1)...farm + 2).map { (id: $0, event: event($0)) })
        let line = Array("\(log.lastSeq)\n".utf8)
        _ = line.withUnsafeBytes { write(notes, $0.baseAddress, $0.count) }
    }
}
