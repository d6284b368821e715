import FactoryClient
import FactoryProtocol
import JSON
import Terminal
import Testing

@testable import factoryctl

/// Words of guests, workers, tools, other users and the farm: whatever they hold, a terminal gets letters only.
@Suite struct ForeignWordsTests {
    static let evils = [
        "\u{1B}[31mx", "\u{1B}]0;title\u{7}x", "\u{1B}]8;;http://x\u{1B}\\x", "x\ry", "x\u{7}", "x\u{8}\u{8}",
        "\u{9B}1mx",
        "\u{9D}0;t\u{9C}x", "\u{1B}P1$r\u{1B}\\x", "x\u{202E}y\u{2066}", "x\ny", "x\u{2028}y", "x\u{7F}", "\u{1B}cx",
    ]

    private func check(_ lines: [Painted], _ what: String, sourceLocation: SourceLocation = #_sourceLocation) {
        let text = lines.map { $0.rendered(Palette(isEnabled: false)) }.joined()
        #expect(!text.isEmpty, "\(what)", sourceLocation: sourceLocation)
        let isSafe = !text.unicodeScalars.contains { scalar in
            switch scalar.value {
            case 0..<0x20, 0x7F..<0xA0, 0x200E, 0x200F, 0x061C, 0x202A...0x202E, 0x2066...0x2069, 0x2028, 0x2029: true
            default: false
            }
        }
        #expect(isSafe, "\(what): \(text.debugDescription)", sourceLocation: sourceLocation)
    }

    private static func events(_ evil: String) -> [Event] {
        let job = JobSummary(
            job: JobID("b.\(evil)"), name: evil, kind: evil, architecture: .amd64, needs: [evil], state: .running)
        let failure = Failure(
            cause: .worker, code: evil, message: evil, step: evil, excerpt: [evil], exitStatus: evil)
        let kinds: [Event.Kind] = [
            .buildAccepted(BuildAccepted(jobs: [job])),
            .jobStateChanged(JobStateChanged(state: .running, reason: evil, worker: WorkerName(evil))),
            .stepStarted(StepStarted(step: evil, title: evil, phase: evil)),
            .stepStarted(StepStarted(step: evil + "2", title: evil, phase: evil)),
            .stepProgress(StepProgress(step: evil, done: 1, total: 2, unit: .items, note: evil)),
            .stepProgress(StepProgress(step: evil, done: 2, total: 2, unit: .bytes, note: evil)),
            .log(LogLine(step: evil, text: evil)), .warning(Warning(code: evil, message: evil)),
            .artifact(
                Artifact(name: evil, role: .iso, digest: BuildFixture.digest, size: 1, mediaType: evil)),
            .bootResult(
                BootResult(firmware: evil, passed: false, reason: evil, milliseconds: 1, accelerator: evil)),
            .stepFinished(StepFinished(step: evil, result: .done, milliseconds: 1, note: evil)),
            .stepFinished(StepFinished(step: evil, result: .cached, milliseconds: 1, note: evil)),
            .stepFinished(StepFinished(step: evil, result: .skipped, milliseconds: 1, note: evil)),
            .stepFinished(StepFinished(step: evil, result: .failed, milliseconds: 1, note: evil)),
            .jobStateChanged(JobStateChanged(state: .ready, reason: evil, outcome: .failed(failure))),
            .jobStateChanged(JobStateChanged(state: .waiting, reason: evil)),
            .jobStateChanged(JobStateChanged(state: .cancelled, reason: evil)),
            .jobStateChanged(JobStateChanged(state: .failed, reason: evil, outcome: .failed(failure))),
            .jobStateChanged(JobStateChanged(state: .expired, reason: evil)),
        ]
        return kinds.enumerated().map {
            Event(
                seq: Int64($0.offset + 1), at: BuildFixture.time($0.offset * 11), job: JobID("b.\(evil)"), attempt: 2,
                kind: $0.element)
        }
    }

    @Test(arguments: evils) func noViewPassesThemOn(evil: String) {
        let build = BuildID(evil)
        var plain = PlainView(build: build, unicode: false, offsetSeconds: 0, next: .plain)
        var screen = ScreenView(build: build, unicode: false, next: .plain)
        var json = JSONView(build: build, next: .plain)
        for event in Self.events(evil) {
            _ = plain.feed(event).map { check([$0], "plain \(event.kind)") }
            _ = screen.feed(event).map { check([$0], "screen \(event.kind)") }
            check(json.feed(event), "json \(event.kind)")
            _ = screen.live(now: BuildFixture.time(500), width: 80).map { check([$0], "live \(event.kind)") }
        }
        let failure = Failure(cause: .spec, code: evil, message: evil, step: evil, excerpt: [evil])
        let endings: [WatchEnding] = [
            .lost(reason: evil), .noWorker(reason: evil),
            .verdict(
                Verdict(
                    result: .failed, cause: .spec, message: evil, job: JobID("b.\(evil)"), milliseconds: 1,
                    failure: failure)),
            .verdict(Verdict(result: .cancelled, message: evil, milliseconds: 1)),
            .verdict(
                Verdict(
                    result: .succeeded, message: evil, milliseconds: 1,
                    artifacts: [
                        Artifact(name: evil, role: .iso, digest: BuildFixture.digest, size: 1, mediaType: evil)
                    ])),
        ]
        for ending in endings {
            check(plain.end(ending), "\(ending)")
            check(screen.end(ending), "\(ending)")
            check(json.end(ending), "\(ending)")
        }
        check(plain.notice(evil + "."), "notice")
    }

    @Test(arguments: evils) func noTableAndNoFailurePassesThemOn(evil: String) throws {
        let now = BuildFixture.time(0)
        let worker = WorkerSummary(
            name: WorkerName(evil), architectures: [.amd64], slots: 1, state: .connected, jobs: [JobID("b.\(evil)")],
            capabilities: ["isolation": evil, "kvm": evil], software: evil, lastHeard: now)
        for form in [ListForm.table, .json, .ids] {
            check(try WorkersCommand.listing([worker], now: now).lines(form, width: 80), "workers")
        }
        check(Finding.workers([worker], next: .plain).flatMap { $0.lines(unicode: false) }, "doctor")
        check(Finding("a", evil, evil).lines(unicode: true), "finding")
        check(
            ExplainCommand.lines(
                Explained(job: JobID("b.\(evil)"), state: .ready, summary: evil, lines: [evil])), "explain")
        let error = ClientError(
            .rejected, evil, reason: evil,
            problems: [Problem(path: evil, code: evil, message: evil, suggestion: evil)])
        check(FailureText(error).lines, "failure")
        check(FailureText(CommandError(.usage, evil + ".", hint: evil)).lines, "failure of a command")
        check(
            SpecProblems(
                problems: [Problem(path: evil, line: 1, column: 2, code: evil, message: evil, suggestion: evil)],
                source: SpecSource(name: evil, text: Array(evil.utf8))
            ).lines(width: 80), "problems")
        let submitted = Submitted(
            build: BuildID(evil), specDigest: evil, jobs: [], repeated: false, position: 0,
            warnings: [Warning(code: evil, message: evil)])
        check(SubmitCommand.lines(submitted, watched: false, next: .plain), "submit")
    }

    @Test(arguments: evils) func jsonKeepsItsMeaning(evil: String) throws {
        let text = Painted(json: try CanonicalJSON.text([evil])).text
        #expect(try StrictJSON.decode([String].self, from: Array(text.utf8)) == [evil])
    }
}
