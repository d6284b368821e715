import FactoryClient
import FactoryProtocol
import Glibc
import IO
import JSON
import Testing

/// A build with a very long log, whose index is lost: it is read whole when factoryd starts.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct LongLogTests {
    private static let size = 200 << 20

    /// Appends lines of the farm's to a log up to the size, in the numbering of the log.
    private func lengthen(_ log: String) throws {
        let lines = try FileIO.read(log, limit: 16 << 20).split(separator: UInt8(ascii: "\n"))
        let text = String(repeating: "a line of a build that says very much; ", count: 8)
        let file = try FileIO.open(log, O_WRONLY | O_APPEND)
        var seq = lines.count
        var written = 0
        while written < Self.size {
            var chunk = ""
            for _ in 0..<4096 {
                seq += 1
                chunk += "{\"at\":1795852593700,\"kind\":\"log\",\"seq\":\(seq),\"text\":\"\(text)\"}\n"
            }
            try FileIO.write(Array(chunk.utf8), to: file)
            written += chunk.utf8.count
        }
    }

    @Test("while it is read, submits are answered at once, other builds go on, and its worker stays alive")
    func delaysNobody() async throws {
        try await Farm.with { farm in
            let long = try await farm.submit(["seconds": 300, "linesPerSecond": 1]).build
            let job = try await farm.runningJob()
            await farm.daemon?.killed()
            let log = farm.root + "/logs/\(long)/events.ndjson"
            try lengthen(log)
            try FileIO.removeFile(farm.root + "/logs/\(long)/events.index")
            try await farm.startDaemon()

            let clock = ContinuousClock()
            let begin = clock.now
            let isOpen = Locked<Duration?>(nil)
            var waits: [Duration] = []
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    let session = try await farm.session()
                    _ = try await session.request(ShowBuild(build: long), for: BuildDetails.self)
                    isOpen.withLock { $0 = clock.now - begin }
                }
                group.addTask {
                    let quick = try await farm.submit(["seconds": 1, "linesPerSecond": 5], noCache: true).build
                    #expect(try await Watched.whole(quick, of: farm).verdict?.result == .succeeded)
                }
                while isOpen.withLock({ $0 == nil }), clock.now - begin < .seconds(120) {
                    let session = try await farm.session()
                    let asked = clock.now
                    _ = try await session.request(
                        Submit(
                            spec: ["selfTest": ["seconds": 1]], idempotencyKey: "\(waits.count)", noCache: false),
                        for: Submitted.self)
                    waits.append(clock.now - asked)
                    try await Poller.shared.sleep(until: .in(.milliseconds(50)))
                }
                try await group.waitForAll()
            }
            let (slowest, opened) = (waits.max() ?? .zero, isOpen.withLock { $0 } ?? .zero)
            print("200 MiB of log: read within \(opened), \(waits.count) submits meanwhile, the slowest \(slowest)")
            #expect(waits.count >= 3, "it was read within \(opened)")
            #expect(slowest < .seconds(2), "of \(waits.count) while the log was read for \(opened)")
            #expect(!farm.log("factoryd").contains("A worker is silent"))
            #expect(kill(job, 0) == 0, "its job runs on")
        }
    }
}
