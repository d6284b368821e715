import FactoryArtifacts
import FactoryExecution
import Glibc
import IO
import TestSupport
import Testing

@Suite struct ConsoleReaderTests {
    @Test("A console's file ends with a note at its limit, and the failed units and the login prompt behind it count")
    func limited() async throws {
        let job = try RecordedJob()
        let (console, guest) = try Descriptor.pipe()
        let lines = (0..<100).map { "line number \($0)" }
        let last = [
            "systemd[1]: late.service: Failed with result 'exit-code'.", "host login: ",
        ]
        try FileIO.write(Array((lines + last).joined(separator: "\n").utf8), to: guest)
        let path = job.folder.file("console.log")
        let reader = try await job.context().report.step("boot", "Boot") { step in
            let log = try FileIO.open(path, O_WRONLY | O_CREAT | O_TRUNC)
            var reader = ConsoleReader(console: console, log: log, step: step, limit: 200)
            _ = try await reader.read(until: .in(.seconds(20)))
            return reader
        }
        guest.close()
        #expect(reader.watch.outcome == .passed(.loginPrompt))
        #expect(reader.failed.names == ["late.service"])
        let kept = try FileIO.readText(path, limit: 1 << 20).split(separator: "\n").map(String.init)
        #expect(kept.last == "[factory: the console printed more than 200 bytes; the rest is not kept]")
        #expect(kept.dropLast() == lines.prefix(kept.count - 1))
        #expect((5...20).contains(kept.count))
    }
}
