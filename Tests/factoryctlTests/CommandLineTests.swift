import Arguments
import FactoryClient
import FactoryProtocol
import FactorySpec
import Terminal
import Testing

@testable import factoryctl

@Suite struct CommandLineTests {
    private static func invocation(_ words: [String], _ environment: [String: String] = [:]) throws -> Invocation {
        guard case .run(let invocation) = try Program.description.parse(words, version: "0", environment: environment)
        else { throw CommandError(.usage, "a text was shown") }
        return invocation
    }

    @Test func theDescriptionDoesNotContradictItself() {
        #expect(Program.description.problems() == [])
    }

    private static func paths(_ command: CommandDescription, _ path: [String] = []) -> [[String]] {
        command.subcommands.isEmpty ? [path] : command.subcommands.flatMap { paths($0, path + [$0.name]) }
    }

    @Test func everyCommandCanBeRunAndItsHelpFits() throws {
        for path in Self.paths(Program.description) {
            #expect(Program.command(path) != nil, "\(path)")
            guard case .show(let help) = try Program.description.parse(path + ["--help"], version: "0") else {
                Issue.record("no help of \(path)")
                continue
            }
            let examples = help.split(separator: "\n").filter { !$0.hasPrefix("  factoryctl") }
            #expect(examples.allSatisfy { $0.count <= 80 }, "\(path)")
        }
    }

    @Test func helpOfWatch() throws {
        guard case .show(let help) = try Program.description.parse(["watch", "-h"], version: "0") else { return }
        #expect(
            help == """
                factoryctl watch: show a build until its end

                Usage: factoryctl watch [options] [BUILD]

                Shows everything from the build's beginning, whenever it is called, and goes on
                after the connection or the farm was away: nothing is missed or shown twice. The
                last line says how the build ended, what it made, and what to do next; the exit
                status says the same to scripts.

                In a pipe it prints a line for each step; what the tools say is left out unless
                --logs is given.

                Ctrl-C leaves the build running.

                Arguments:
                  [BUILD]  The id of a build, or its beginning. By default the newest.

                Options:
                      --progress MODE        How to show it; auto is tty at a terminal and plain
                                             elsewhere. (one of auto, tty, plain, json, quiet;
                                             default: auto; environment: FACTORY_PROGRESS)
                      --logs                 In plain output, print also what the tools say;
                                             'factoryctl logs' has it in any case.
                      --cancel-on-interrupt  Ctrl-C and SIGTERM cancel the build; a second one
                                             only leaves.

                General options:
                      --socket ENDPOINT  Where factoryd listens: a path, or tcp:127.0.0.1:PORT.
                                         By default /run/factory/factoryd.sock. (environment:
                                         FACTORY_SOCKET)
                      --root DIR         A farm that lives in this directory. (environment:
                                         FACTORY_ROOT)
                  -h, --help             Print this help.
                      --version          Print the version.

                Examples:
                  factoryctl watch
                      Watch the newest build
                  factoryctl watch 01J8 --progress json | jq .
                      Every event, for programs

                Exit status:
                  0    the build succeeded
                  1    it failed
                  3    it was cancelled
                  4    it ran out of time or attempts
                  6    the farm was lost for good
                  7    worker or infrastructure failed, and no attempt was left or would help
                  130  left by Ctrl-C
                  143  left by SIGTERM
                """)
    }

    @Test(
        arguments: [
            ([], [:], "/run/factory/factoryd.sock"), (["--root", "/r/"], [:], "/r/run/factoryd.sock"),
            (["--socket", "tcp:127.0.0.1:9"], ["FACTORY_ROOT": "/r"], "tcp:127.0.0.1:9"),
            (["--root", "/r"], ["FACTORY_SOCKET": "/s"], "/r/run/factoryd.sock"),
            ([], ["FACTORY_ROOT": "/r", "FACTORY_SOCKET": "/s"], "/s"),
            ([], ["FACTORY_ROOT": "/r"], "/r/run/factoryd.sock"),
        ] as [([String], [String: String], String)])
    func theFarmIsFound(words: [String], environment: [String: String], endpoint: String) throws {
        #expect(try FarmOptions.endpoint(Self.invocation(["status"] + words, environment)).description == endpoint)
    }

    @Test func twoFarmsAreOneTooMany() throws {
        let invocation = try Self.invocation(["status", "--root", "/r", "--socket", "/s"])
        #expect(throws: ArgumentsError.self) { try FarmOptions.endpoint(invocation) }
    }

    @Test func optionsMakeADescription() throws {
        let words = [
            "submit", "--base", "distro:debian/trixie", "--version", "v1.2.3", "--artifact", "iso,image",
            "--boot-check",
            "uefi", "--skip-step", "sshHardening", "--source-date-epoch", "5",
        ]
        let spec = try BuildSpec.read(
            SpecNode(.map(SpecOptions.entries(try Self.invocation(words), cloudConfig: "#cloud-config\n"))))
        #expect(spec.title == "distro:debian/trixie v1.2.3 amd64 generic")
        #expect(spec.artifacts == [.image, .iso] && spec.bootCheck == .uefi)
        #expect(spec.skipSteps == [.sshHardening] && spec.sourceDateEpoch == 5)
        #expect(spec.cloudConfig == "#cloud-config\n")
    }

    @Test func optionsAreJudgedTogetherLikeAFile() async throws {
        let words = [
            "submit", "--base", "distro:debian/bookwrm", "--version", "latest", "--arch", "amd46", "--boot-check", "x",
            "--source-date-epoch", "soon",
        ]
        let invocation = try Self.invocation(words)
        let problems = await #expect(throws: SpecProblems.self) { try await SpecInput.read(invocation) }?.problems
        #expect(problems?.map(\.path) == ["base", "version", "arch", "bootCheck", "sourceDateEpoch"])
        let both = try Self.invocation(["submit", "--self-test", "2", "--base", "distro:debian/bookworm"])
        let conflict = await #expect(throws: SpecProblems.self) { try await SpecInput.read(both) }?.problems
        #expect(conflict?.map(\.code) == ["conflict"])
    }

    @Test(
        arguments: [
            ([], [:], true, .tty), ([], [:], false, .plain), (["--json"], [:], true, .json),
            (["--quiet"], [:], false, .quiet), (["--json", "--progress", "plain"], [:], false, .plain),
            (["--json"], ["FACTORY_PROGRESS": "plain"], false, .json), ([], ["FACTORY_PROGRESS": "json"], true, .json),
            (["--progress", "auto", "-q"], [:], true, .quiet),
        ] as [([String], [String: String], Bool, WatchOptions.Mode)])
    func whatIsWatchedFitsWhatElseIsPrinted(
        words: [String], environment: [String: String], isInteractive: Bool, mode: WatchOptions.Mode
    ) throws {
        let invocation = try Self.invocation(["submit", "--wait"] + words, environment)
        #expect(try WatchOptions.mode(invocation, form: ListForm(invocation), isInteractive: isInteractive) == mode)
    }

    @Test func whatNobodyCanBuildIsToldFromTheWarnings() {
        let submitted = Submitted(
            build: BuildFixture.build, specDigest: "", jobs: [], repeated: false, position: 0,
            warnings: [Warning(code: "live-only", message: "a"), Warning(code: "no-worker", message: "needs arm64")])
        #expect(SubmitCommand.hopeless(submitted) == "needs arm64")
        func said(watched: Bool) -> [String] {
            SubmitCommand.lines(submitted, watched: watched, next: .plain).dropFirst().map(\.text)
        }
        #expect(said(watched: true) == ["! a"])
        #expect(said(watched: false) == ["! a", "! needs arm64", "watch it: factoryctl watch 01J8ZK"])
    }

    @Test func thePlanFitsTheScreenAndIsWholeInAPipe() {
        let line = "      enable systemd-resolved.service ssh.service"
        #expect(PlanCommand.fitted(line, to: nil) == [line])
        #expect(
            PlanCommand.fitted(line, to: 40) == ["      enable systemd-resolved.service", "        ssh.service"])
    }

    @Test func everyMistakeOfADescriptionIsShownWithItsLine() {
        let problems = SpecProblems(
            problems: [
                Problem(
                    path: "arch", line: 2, column: 7, code: "unknown-arch", message: "there is no arch \"arm\"",
                    suggestion: "arm64"),
                Problem(path: "base", code: "missing-key", message: "the key \"base\" is missing"),
            ],
            source: SpecSource(name: "a.yaml", text: Array("version: v1\narch:\tarm\r\n".utf8)))
        #expect(
            problems.lines(width: nil).map(\.text) == [
                "a.yaml:2:7: arch: there is no arch \"arm\" [unknown-arch]", "    2 | arch:   arm",
                "      |         ^ try: arm64", "a.yaml: base: the key \"base\" is missing [missing-key]",
                "2 problems in a.yaml; nothing was submitted",
            ])
    }

    @Test(
        "A key is said once, also where the message begins with it",
        arguments: [
            ("cloudConfig", "\"#cloud-config\\na: [x\\n\"", "cloudConfig 3:1: "),
            ("cloudConfig", "\"a: 1\"", "cloudConfig has no header"), ("cloudConfig", "7", "cloudConfig is "),
            ("artifacts", "[]", "artifacts is empty"), ("version", "1.10", "version is "),
            ("selfTest", "3", "selfTest is "), ("arch", "sparc", "arch: "),
        ])
    func keysAreSaidOnce(key: String, value: String, said: String) throws {
        let text = Array("\(key): \(value)\n".utf8)
        let error = try #require(throws: SpecError.self) { try BuildSpec.read(text: text) }
        let problem = try #require(error.problems.first { $0.path == key }, "\(error)")
        let block = SpecProblems(problems: [problem], source: SpecSource(name: "a.yaml", text: text))
        let refusal = ClientError(.rejected, "the description has 1 problem", reason: "bad-spec", problems: [problem])
        for shown in [
            SpecError(problems: [problem]).description, block.lines(width: nil)[0].text,
            FailureText(refusal).lines.map(\.text).joined(separator: "\n"),
        ] {
            #expect([": ", ", ", "  "].contains { shown.contains($0 + said) }, "\(shown)")
            #expect(!shown.contains("\(key): \(key) "), "\(shown)")
        }
    }

    @Test(
        arguments: [
            ("cannot-connect", nil, 6), ("bad-endpoint", nil, 2), ("rejected", "unknown-build", 2),
            ("rejected", "disk-full", 1),
            ("refused", "not-allowed", 6),
        ] as [(String, String?, Int32)])
    func failuresHaveTheirStatus(code: String, reason: String?, status: Int32) {
        let codes: [ClientError.Code] = [.cannotConnect, .badEndpoint, .rejected, .refused]
        let known = codes.first { $0.rawValue == code } ?? .cancelled
        let failure = FailureText(ClientError(known, "x", reason: reason))
        #expect(failure.status.rawValue == status)
        #expect(failure.lines.first?.text.hasPrefix("factoryctl: x") == true)
    }

    @Test(arguments: [
        (1, 40), (20, 40), (100, 40), (150_000, 80), (200_000, 80), (200_020, 40), (300_000, 40), (5, 10),
    ]) func anExcerptOfALongLineKeepsToTheWidthAndShowsItsPlace(column: Int, width: Int) {
        let line = String(repeating: "x", count: 200_000) + "base: \t日本語 end"
        let excerpt = SourceExcerpt(line, column: column, width: width)
        #expect(excerpt.text.columns <= width)
        #expect((0...width).contains(excerpt.mark))
        let marked = SourceExcerpt(
            String(repeating: "x", count: column - 1) + "Q" + String(repeating: "x", count: 300), column: column,
            width: width)
        #expect(Array(marked.text)[marked.mark] == "Q")
    }

    @Test func aProblemInALongLineFillsNoScreen() async throws {
        let text = "base: distro:debian/bookworm\nversion: v1.0.0\narch: " + String(repeating: "a", count: 200_000)
        do throws(SpecError) {
            _ = try BuildSpec.read(text: Array(text.utf8))
        } catch {
            let source = SpecSource(name: "a.yaml", text: Array(text.utf8))
            let lines = SpecProblems(problems: error.problems, source: source).lines(width: 60)
            #expect(lines.map(\.columns).reduce(0, +) < 1000)
            #expect(lines.dropFirst().prefix(2).allSatisfy { $0.columns <= 60 })
        }
    }

    @Test func anExcerptShowsNoPasswordAndPointsAtTheSamePlace() {
        let line = "base: docker://user:s3cr3t@h/x # here"
        let column = line.split(separator: "#")[0].count + 1
        let excerpt = SourceExcerpt(line, column: column, width: 80)
        #expect(excerpt.text == "base: docker://user:***@h/x # here")
        #expect(Array(excerpt.text)[excerpt.mark] == "#")
    }

    @Test(arguments: [
        "docker://user:s3cr3t@h/x", "user:s3cr3t@h", "https://s3cr3t@h/x",
    ]) func noFailureShowsAPassword(value: String) async throws {
        let words = [["submit", value], ["plan", "-f", value], ["submit", "--cloud-config", value]]
        for words in words {
            let invocation = try Self.invocation(words)
            let error = await #expect(throws: (any Error).self) { try await SpecInput.read(invocation) }
            let text = FailureText(try #require(error)).lines.map(\.text).joined()
            #expect(!text.contains("s3cr3t") && text.contains("***"), "\(text)")
        }
        let typed = #expect(throws: ArgumentsError.self) { try Self.invocation(["list", value]) }
        #expect(!FailureText(try #require(typed)).lines.map(\.text).joined().contains("s3cr3t"))
    }

    @Test(arguments: [true, false]) func aSubmissionWithoutAnAnswerSaysWhatIsKnownOfTheBuild(isSent: Bool) {
        let error = SubmitCommand.lost(
            ClientError(.timedOut, "factoryd does not answer in time"), isSent: isSent, key: "k1", next: .plain)
        #expect(error.status == .connectionLost)
        #expect(error.message.hasSuffix(isSent ? "is not known" : "nothing was submitted"))
        // Under the same key it is the same build.
        #expect((error.hint ?? "").contains("--idempotency-key k1") == isSent)
    }

    @Test(arguments: ["digest-mismatch", "damaged-blob"])
    func whatIsDamagedInTheStoreIsToBeBuiltAgain(reason: String) {
        let hint = ArtifactFetch.hint(ClientError(.rejected, "x", reason: reason)) ?? ""
        #expect(hint.contains("submit the build again"))
        // The cache would give the same damaged copy, unless the store has noticed.
        #expect(hint.contains("--no-cache") == (reason == "digest-mismatch"))
    }

    @Test(
        arguments: [
            (.localFile, nil, false), (.rejected, nil, false), (.rejected, "digest-mismatch", false),
            (.rejected, "digest-mismatch-resumed", true), (.rejected, "damaged-blob", false),
            (.connectionLost, nil, true), (.timedOut, nil, true), (.cannotConnect, nil, false), (.badReply, nil, false),
        ] as [(ClientError.Code, String?, Bool)])
    func theSameCommandIsProposedOnlyWhereItMayHelp(code: ClientError.Code, reason: String?, helps: Bool) {
        let hint = ArtifactFetch.hint(ClientError(code, "x", reason: reason))
        #expect((hint?.contains("the same command again") ?? false) == helps)
    }
}
