import FactoryEvents
import FactoryProtocol
import Glibc
import IO
import TestSupport
import Testing

@Suite struct EventLogsTests {
    @Test(.timeLimit(.minutes(1)))
    func openingALongLogDoesNotDelayAnotherBuild() async throws {
        let folder = try TemporaryFolder()
        let root = folder.file("logs")
        let (long, short) = (BuildID("01LONG"), BuildID("01SHORT"))
        let path = root + "/01LONG/events.ndjson"
        try Directory.make(root + "/01LONG")
        try await writeLog(path, lines: 30_000)
        let logs = EventLogs(folder: root)
        let isOpen = Locked(false)
        let opening = Task {
            let log = try await logs.log(of: long)
            isOpen.withLock { $0 = true }
            return log.lastSeq
        }
        // Opening is under way once this process has the file.
        while try !hasOpen(path), !isOpen.withLock({ $0 }) { await Task.yield() }
        _ = try await logs.log(of: short)
        #expect(!isOpen.withLock { $0 }, "the other build waited until the long log was read")
        #expect(try await opening.value == 30_000)
    }
}

/// Writes a log of many events without encoding each.
private func writeLog(_ path: String, lines: Int) async throws {
    let event = Event(seq: 1, at: Timestamp(milliseconds: 1), kind: .log(LogLine(text: "a line")))
    do {
        let log = try BuildLog(path: path)
        try await log.append(farm: [(id: 1, event: event)])
    }
    let line = String(decoding: try FileIO.read(path, limit: 1 << 20), as: UTF8.self)
    let parts = line.split(separator: "\"seq\":1", omittingEmptySubsequences: false)
    try #require(parts.count == 2)
    var text = ""
    for number in 1...lines { text += "\(parts[0])\"seq\":\(number)\(parts[1])" }
    try FileIO.write(Array(text.utf8), to: try FileIO.open(path, O_WRONLY | O_TRUNC))
}

/// Whether this process has a file open.
private func hasOpen(_ path: String) throws -> Bool {
    try Directory.entries("/proc/self/fd").contains { entry in
        var target = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/fd/" + entry.name, &target, target.count)
        let bytes = target.prefix(max(0, count)).map { UInt8(bitPattern: $0) }
        return String(decoding: bytes, as: UTF8.self).hasSuffix(path)
    }
}
