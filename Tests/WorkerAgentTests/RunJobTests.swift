import FactoryExecution
import FactoryProtocol
import Testing

@testable import factory_worker

/// What a person reads who runs a job by hand.
@Suite struct RunJobTests {
    /// Clears the screen, writes to the clipboard, and goes back a letter.
    private static let hostile = "a\u{1B}[2Jb\u{1B}]52;c;eA==\u{7}c\u{8}d\u{9B}1Ae\nf"
    private static let digest = Digest(hash: [UInt8](repeating: 1, count: 32))

    @Test(
        arguments: [
            .stepStarted(StepStarted(step: hostile, title: hostile)),
            .stepFinished(StepFinished(step: hostile, result: .done, milliseconds: 1, note: hostile)),
            .log(LogLine(text: hostile)), .warning(Warning(code: "x", message: hostile)),
            .artifact(Artifact(name: hostile, role: .iso, digest: digest, size: 1, mediaType: "x")),
            .bootResult(
                BootResult(firmware: hostile, passed: false, reason: hostile, milliseconds: 1, accelerator: hostile)),
        ] as [Event.Kind])
    func wordsOfToolsAndGuestsDoNothingToTheTerminal(_ kind: Event.Kind) {
        let lines = RunJob.lines(of: kind)
        #expect(lines.count == 1)
        for line in lines { Self.expectHarmless(line) }
    }

    @Test(
        arguments: [
            .cancelled(Cancellation(reason: hostile, killed: false)),
            .failed(Failure(cause: .spec, code: "x", message: hostile, excerpt: [hostile, hostile])),
        ] as [Outcome])
    func theWordsOfAnEndAreHarmlessToo(_ outcome: Outcome) {
        for line in RunJob.lines(of: JobResult(outcome: outcome, artifacts: [])) { Self.expectHarmless(line) }
    }

    private static func expectHarmless(_ line: String) {
        #expect(
            line.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F..<0xA0).contains($0.value) },
            "\(line.debugDescription)")
        #expect(line.contains("ab"), "\(line)")
    }
}
