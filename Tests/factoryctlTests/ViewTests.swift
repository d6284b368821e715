import FactoryProtocol
import JSON
import Terminal
import Testing

@testable import factoryctl

@Suite struct ViewTests {
    private func plain(_ fixture: BuildFixture) -> [String] {
        var view = PlainView(build: BuildFixture.build, unicode: true, offsetSeconds: 0, next: .plain)
        return fixture.events.flatMap { view.feed($0) }.map(\.text)
    }

    private func screen(_ fixture: BuildFixture) -> (lines: [String], view: ScreenView) {
        var view = ScreenView(build: BuildFixture.build, unicode: true, next: .plain)
        let lines = fixture.events.flatMap { view.feed($0) }.map(\.text)
        return (lines, view)
    }

    @Test func plainIsOneLineAnEvent() {
        #expect(
            plain(.installing()) == [
                "12:00:00 build 01J8ZK: 2 jobs: image-amd64, iso-amd64",
                "12:00:01 image-amd64 · running on w1",
                "12:00:01 image-amd64   Unpack the base (install)",
                "12:00:16 image-amd64 ✓ Unpack the base  15 s",
                "12:00:16 image-amd64   Install packages (install)",
                "12:00:26 image-amd64   Install packages: 156/312 packages",
                "12:00:26 image-amd64   │ Setting up libc6        (2.36)",
            ])
    }

    @Test func plainSaysProgressEveryTenSecondsAndAtTheEnd() {
        var fixture = BuildFixture.installing()
        for second in 27...40 {
            fixture.add(
                second, "image-amd64",
                .stepProgress(
                    StepProgress(step: "installPackages", done: Int64(second * 7), total: 312, unit: .packages)))
        }
        for _ in 0..<2 {
            fixture.add(
                41, "image-amd64",
                .stepProgress(StepProgress(step: "installPackages", done: 312, total: 312, unit: .packages)))
        }
        #expect(
            plain(fixture).suffix(2) == [
                "12:00:36 image-amd64   Install packages: 252/312 packages",
                "12:00:41 image-amd64   Install packages: 312/312 packages",
            ])
    }

    @Test func theScreenKeepsWhatIsDoneAndDrawsWhatRuns() {
        let (lines, view) = screen(.installing())
        #expect(lines == ["build 01J8ZK  2 jobs", "✓ image-amd64  Unpack the base  15 s"])
        #expect(
            view.live(now: BuildFixture.time(27), width: 80).map(\.text) == [
                "⠴ image-amd64  Install packages  (1 step done)                             0:26",
                "    ██████████░░░░░░░░░░  156/312 packages  about 12 s left",
                "    Setting up libc6        (2.36)",
                "· iso-amd64    waits: needs image-amd64",
            ])
        #expect(view.live(now: BuildFixture.time(27), width: 80).allSatisfy { $0.columns < 80 })
        #expect(view.live(now: BuildFixture.time(27), width: 30)[0].columns < 30)
    }

    @Test func plainSaysWhyAJobWaitsAndThatItSucceeded() {
        var fixture = BuildFixture.accepted()
        fixture.add(1, "image-amd64", .jobStateChanged(JobStateChanged(state: .ready)))
        fixture.add(2, "image-amd64", .jobStateChanged(JobStateChanged(state: .leased, worker: WorkerName("w1"))))
        fixture.add(3, "image-amd64", .jobStateChanged(JobStateChanged(state: .ready, reason: "all slots are taken")))
        fixture.add(4, "image-amd64", .jobStateChanged(JobStateChanged(state: .leased, worker: WorkerName("w2"))))
        fixture.add(4, "image-amd64", .jobStateChanged(JobStateChanged(state: .running, worker: WorkerName("w2"))))
        fixture.add(9, "image-amd64", .jobStateChanged(JobStateChanged(state: .succeeded)))
        #expect(
            plain(fixture).dropFirst() == [
                "12:00:03 image-amd64 · waits: all slots are taken", "12:00:04 image-amd64 · running on w2",
                "12:00:09 image-amd64 ✓ succeeded",
            ])
    }

    /// Two steps of one job at once.
    private static func booting() -> BuildFixture {
        var fixture = BuildFixture.accepted()
        let job = "image-amd64"
        fixture.add(1, job, .jobStateChanged(JobStateChanged(state: .running, worker: WorkerName("w1"))))
        fixture.add(1, job, .stepStarted(StepStarted(step: "bios", title: "Boot under BIOS")))
        fixture.add(1, job, .log(LogLine(step: "bios", text: "SeaBIOS")))
        fixture.add(2, job, .stepStarted(StepStarted(step: "uefi", title: "Boot under UEFI")))
        fixture.add(
            12, job, .stepProgress(StepProgress(step: "bios", done: 2, total: 5, unit: .items, note: "kernel")))
        fixture.add(13, job, .log(LogLine(step: "uefi", text: "OVMF")))
        fixture.add(14, job, .log(LogLine(step: "bios", text: "Linux")))
        return fixture
    }

    @Test func stepsThatRunAtOnceHaveLinesOfTheirOwn() {
        let live = screen(Self.booting()).view.live(now: BuildFixture.time(15), width: 80).map(\.text)
        #expect(
            live == [
                "⠴ image-amd64  Boot under BIOS                                             0:14",
                "    ████████░░░░░░░░░░░░  kernel (2 of 5)",
                "    Linux",
                "⠴              Boot under UEFI",
                "    OVMF",
                "· iso-amd64    waits: needs image-amd64",
            ])
    }

    @Test func plainNamesTheStepWhereSeveralRun() {
        #expect(
            plain(Self.booting()).dropFirst(2) == [
                "12:00:01 image-amd64   Boot under BIOS", "12:00:01 image-amd64   │ SeaBIOS",
                "12:00:02 image-amd64   Boot under UEFI",
                "12:00:12 image-amd64   Boot under BIOS: kernel (2 of 5)",
                "12:00:13 image-amd64   │ Boot under UEFI: OVMF", "12:00:14 image-amd64   │ Boot under BIOS: Linux",
            ])
    }

    @Test(
        arguments: [
            (StepProgress(step: "s", done: 2, total: 5, unit: .items, note: "kernel"), "kernel (2 of 5)", nil),
            (StepProgress(step: "s", done: 2, total: 5, unit: .items), "2 of 5", nil),
            (StepProgress(step: "s", done: 148, total: 312, unit: .packages, note: "apt"), "148/312 packages", "apt"),
            (StepProgress(step: "s", done: 17 << 20, unit: .bytes), "17.0 MiB", nil),
            (StepProgress(step: "s", done: 34, unit: .percent), "34 %", nil),
        ] as [(StepProgress, String, String?)])
    func progressInWords(progress: StepProgress, words: String, behind: String?) {
        #expect(progress.words == words)
        #expect(progress.noteBehind == behind)
    }

    @Test func aStepThatIsOverAtOnceSaysNothingButItsEnd() {
        var fixture = BuildFixture.accepted()
        fixture.add(1, "image-amd64", .stepStarted(StepStarted(step: "s", title: "Compress")))
        fixture.add(1, "image-amd64", .stepProgress(StepProgress(step: "s", done: 0, total: 100, unit: .percent)))
        fixture.add(4, "image-amd64", .stepProgress(StepProgress(step: "s", done: 100, total: 100, unit: .percent)))
        fixture.add(4, "image-amd64", .stepFinished(StepFinished(step: "s", result: .done, milliseconds: 3000)))
        #expect(
            plain(fixture).dropFirst() == ["12:00:01 image-amd64   Compress", "12:00:04 image-amd64 ✓ Compress  3.0 s"])
    }

    @Test func aBuildThatIsTriedAgainGoesOnAfterItsEnd() {
        var fixture = BuildFixture.installing()
        fixture.add(
            30, "image-amd64", .jobStateChanged(JobStateChanged(state: .failed, outcome: .failed(BuildFixture.failure)))
        )
        fixture.add(30, nil, .buildEnded(BuildEnded(verdict: Verdict(result: .failed, message: "m", milliseconds: 1))))
        fixture.add(40, "image-amd64", .jobStateChanged(JobStateChanged(state: .waiting, reason: "tried again")))
        fixture.add(
            41, "image-amd64", attempt: 2, .jobStateChanged(JobStateChanged(state: .running, worker: WorkerName("w1"))))
        let (lines, view) = screen(fixture)
        #expect(lines.suffix(2) == ["· image-amd64  tried again", "· image-amd64  attempt 2 of 3 on w1"])
        #expect(view.live(now: BuildFixture.time(42), width: 80).count == 2)
        #expect(
            plain(fixture).suffix(2) == [
                "12:00:40 image-amd64 · tried again", "12:00:41 image-amd64 · attempt 2 of 3 on w1",
            ])
    }

    @Test func withoutUnicodeEverythingIsASCII() {
        var view = ScreenView(build: BuildFixture.build, unicode: false, next: .plain)
        let lines =
            BuildFixture.installing().events.flatMap { view.feed($0) }
            + view.live(now: BuildFixture.time(27), width: 80)
        #expect(lines.allSatisfy { $0.text.allSatisfy(\.isASCII) })
    }

    @Test func aFailureShowsStepStatusAndTheToolsOwnWords() {
        var fixture = BuildFixture.installing()
        fixture.add(
            30, "image-amd64",
            .stepFinished(
                StepFinished(step: "installPackages", result: .failed, milliseconds: 14_000, note: "apt-get failed")))
        fixture.add(
            30, "image-amd64",
            .jobStateChanged(
                JobStateChanged(state: .ready, outcome: .failed(BuildFixture.failure), retryInMilliseconds: 5000)))
        fixture.add(
            36, "image-amd64", attempt: 2,
            .jobStateChanged(JobStateChanged(state: .running, worker: WorkerName("w2"), maxAttempts: 3)))
        fixture.add(
            40, "image-amd64", attempt: 2,
            .jobStateChanged(JobStateChanged(state: .failed, outcome: .failed(BuildFixture.failure))))
        #expect(
            screen(fixture).lines.dropFirst(2) == [
                "✗ image-amd64  Install packages  failed after 14 s: apt-get failed",
                "! image-amd64  the attempt failed (infrastructure): the mirror mirror.example does not answer, "
                    + "tried again in 5.0 s",
                "    │ Err:1 http://mirror.example", "    │ E: Failed to fetch\u{FFFD}",
                "· image-amd64  attempt 2 of 3 on w2",
                "✗ image-amd64  failed at 'Install packages' (exit status 100): the mirror mirror.example does not answer",
                "    │ Err:1 http://mirror.example", "    │ E: Failed to fetch\u{FFFD}",
            ])
        #expect(screen(fixture).view.live(now: BuildFixture.time(41), width: 80).count == 1)
    }

    @Test func warningsArtifactsBootsAndCachedWork() {
        var fixture = BuildFixture.accepted()
        fixture.add(1, "iso-amd64", .warning(Warning(code: "live-only", message: "boots live only")))
        fixture.add(1, "iso-amd64", .artifact(BuildFixture.iso))
        fixture.add(
            1, "iso-amd64",
            .artifact(Artifact(name: "x", role: .layer, digest: BuildFixture.digest, size: 1, mediaType: "x")))
        fixture.add(
            2, "iso-amd64",
            .bootResult(
                BootResult(
                    firmware: "uefi", passed: true, reason: "login-prompt", milliseconds: 85_000, accelerator: "tcg")))
        fixture.add(3, "iso-amd64", .jobStateChanged(JobStateChanged(state: .succeeded, cached: true)))
        fixture.add(
            3, "image-amd64",
            .stepFinished(StepFinished(step: "init", result: .cached, milliseconds: 1, note: "layer abc")))
        fixture.add(
            3, "image-amd64",
            .stepFinished(StepFinished(step: "grub", result: .skipped, milliseconds: 0, note: "asked for")))
        fixture.add(4, "image-amd64", .unknown("later"))
        #expect(
            screen(fixture).lines.dropFirst() == [
                "! iso-amd64    boots live only",
                "✓ iso-amd64    kairos.iso  412 MiB  sha256:abababababab",
                "✓ iso-amd64    boots under UEFI: login-prompt after 1 min 25 s (tcg)",
                "✓ iso-amd64    the same work was done before; its result is taken",
                "✓ image-amd64  init  cached: layer abc",
                "· image-amd64  grub  skipped: asked for",
            ])
    }

    @Test func aWarningIsSaidOnce() {
        let warning = Warning(code: "live-only", message: "boots live only")
        var fixture = BuildFixture.accepted()
        fixture.add(1, nil, .warning(warning))
        fixture.add(1, "image-amd64", .warning(warning))
        fixture.add(2, "image-amd64", attempt: 2, .warning(warning))
        fixture.add(2, "image-amd64", .warning(Warning(code: "live-only", message: "something else")))
        for warned in [[], [warning]] {
            var plain = PlainView(
                build: BuildFixture.build, unicode: true, offsetSeconds: 0, next: .plain, warnings: WarningsSaid(warned)
            )
            var screen = ScreenView(
                build: BuildFixture.build, unicode: true, next: .plain, warnings: WarningsSaid(warned))
            let lines = fixture.events.flatMap { plain.feed($0) }.map(\.text)
            #expect(lines.count { $0.contains("boots live only") } == 1 - warned.count)
            #expect(lines.count { $0.contains("something else") } == 1)
            #expect(fixture.events.flatMap { screen.feed($0) }.count == 3 - warned.count)
        }
    }

    @Test func jsonIsEveryEventAndOneEnd() throws {
        var view = JSONView(build: BuildFixture.build, next: .plain)
        let lines = BuildFixture.installing().events.flatMap { view.feed($0) }
        #expect(lines.count == BuildFixture.installing().events.count)
        for (line, event) in zip(lines, BuildFixture.installing().events) {
            let bytes = Array(line.text.utf8)
            #expect(try StrictJSON.decode(Event.self, from: bytes) == event)
            let value = try StrictJSON.decode(JSONValue.self, from: bytes)
            #expect(value["schema"] == 1 && value["build"] == "01J8ZK")
        }
        let end = view.end(.lost(reason: "gone"))
        #expect(end.count == 1)
        #expect(try StrictJSON.decode(JSONValue.self, from: Array(end[0].text.utf8))["exitStatus"] == 6)
    }

    @Test func quietIsTheLastLineOnly() {
        var view = QuietView(build: BuildFixture.build, next: .plain)
        #expect(BuildFixture.installing().events.flatMap { view.feed($0) }.isEmpty)
        #expect(
            view.end(.detached(signal: 2)).map(\.text) == [
                "build 01J8ZK goes on without you; come back: factoryctl watch 01J8ZK"
            ])
    }
}
