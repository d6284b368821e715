import FactoryEvents
import FactoryProtocol
import Glibc
import IO
import TestSupport
import Testing

@Suite struct EventLogsTests {
    /// Opening stands still at a pipe in the place of the index, as it would at a disk that does not answer.
    @Test(.timeLimit(.minutes(1)))
    func openingALogDoesNotDelayAnotherBuild() async throws {
        let folder = try TemporaryFolder()
        let root = folder.file("logs")
        let (slow, other) = (BuildID("01SLOW"), BuildID("01OTHER"))
        let logs = EventLogs(folder: root)
        let event = Event(seq: 1, at: Timestamp(milliseconds: 1), kind: .log(LogLine(text: "a line")))
        try Directory.make(root + "/01SLOW")
        try await BuildLog(path: root + "/01SLOW/events.ndjson").append(farm: [(id: 1, event: event)])
        let pipe = root + "/01SLOW/events.index"
        try #require(mkfifo(pipe, 0o600) == 0)
        let isOpen = Locked(false)
        let opening = Task {
            let log = try await logs.log(of: slow)
            isOpen.withLock { $0 = true }
            return log.lastSeq
        }
        // It has a reader once opening is under way; until this end is closed, opening waits for what is in it.
        var end = open(pipe, O_WRONLY | O_NONBLOCK | O_CLOEXEC)
        while end < 0, errno == ENXIO {
            await Task.yield()
            end = open(pipe, O_WRONLY | O_NONBLOCK | O_CLOEXEC)
        }
        try #require(end >= 0)
        #expect(try await logs.log(of: other).lastSeq == 0)
        #expect(!isOpen.withLock { $0 })
        close(end)
        #expect(try await opening.value == 1)
    }
}
