import FactoryClient
import FactoryProtocol
import Terminal
import Testing

@testable import factoryctl

@Suite struct ListTests {
    private static let build = BuildSummary(
        build: BuildID("01J8"), title: "distro:debian/bookworm v1.0.0 amd64 generic", state: .running,
        submittedBy: "kim",
        submittedAt: BuildFixture.time(0), jobsDone: 1, jobs: 3)

    private static func listing(_ builds: [BuildSummary], width: Int?) -> Listing<BuildSummary> {
        ListCommand.listing(builds, now: BuildFixture.time(200), width: width, next: .plain)
    }

    @Test func aListHasThreeForms() throws {
        let listing = Self.listing([Self.build], width: nil)
        #expect(
            try listing.lines(.table, width: nil).map(\.text) == [
                "BUILD  STATE    JOBS  SUBMITTED  BY   WHAT",
                "01J8   running   1/3  3 min ago  kim  distro:debian/bookworm v1.0.0 amd64 generic",
            ])
        #expect(try listing.lines(.ids, width: 60).map(\.text) == ["01J8"])
        #expect(try listing.lines(.json, width: 10).map(\.text).first?.hasPrefix(#"[{"build":"01J8","#) == true)
    }

    @Test func eightyColumnsHoldVersionAndArchitectureAndIdsThatAreFound() throws {
        var builds = ["01M8B088QBZC29Z1EFC0QNN4MP", "01M8B088QBZC29ZJ3FC0QNN4MP"].map { id in
            var build = Self.build
            build.build = BuildID(id)
            return build
        }
        builds[1].submittedBy = "root"
        let listing = Self.listing(builds, width: 80)
        let lines = try listing.lines(.table, width: 80).map(\.text)
        #expect(lines.allSatisfy { $0.count <= 80 })
        #expect(lines[1].hasPrefix("01M8B088QBZC29Z1 ") && lines[2].hasPrefix("01M8B088QBZC29ZJ "))
        #expect(lines.dropFirst().allSatisfy { $0.contains("debian/bookworm v1.0.0 amd") })
        let one = try Self.listing([builds[0]], width: 80).lines(.table, width: 80).map(\.text)
        #expect(one[1].hasPrefix("01M8B088QBZC29 ") && one[1].hasSuffix("debian/bookworm v1.0.0 amd64"))
        #expect(try listing.lines(.ids, width: 80).map(\.text) == builds.map(\.build.rawValue))
    }

    @Test func anEmptyListSaysSoToPeopleOnly() throws {
        let listing = Self.listing([], width: nil)
        #expect(try listing.lines(.table, width: nil).map(\.text) == ["no builds; factoryctl submit makes one"])
        #expect(try listing.lines(.ids, width: nil).isEmpty)
        #expect(try listing.lines(.json, width: nil).map(\.text) == ["[]"])
    }

    private static func made(_ name: String, _ role: Artifact.Role) -> JobArtifact {
        JobArtifact(
            job: BuildFixture.job("iso"),
            artifact: Artifact(name: name, role: role, digest: BuildFixture.digest, size: 1, mediaType: "x"))
    }

    @Test func whatIsFetchedWithoutAName() throws {
        let made = [
            Self.made("a.iso", .iso), Self.made("a.iso.sha256", .checksum), Self.made("l.tar", .layer),
            Self.made("console.log", .consoleLog),
        ]
        func names(_ asked: [String], all: Bool = false) throws -> [String] {
            try ArtifactChoice.choose(made, names: asked, all: all, build: BuildID("b")).map(\.name)
        }
        #expect(try names([]) == ["a.iso", "a.iso.sha256"])
        #expect(try names([], all: true).count == 4)
        #expect(try names(["console.log", "console.log"]) == ["console.log"])
        #expect(#expect(throws: CommandError.self) { try names(["a.isoo"]) }?.hint == "a.iso")
    }

    @Test(arguments: ["../x", "/etc/passwd", ".bashrc", "", "a/b", "a\nb", String(repeating: "x", count: 201)])
    func aBuildDoesNotChooseWhereFilesGo(name: String) {
        #expect(throws: CommandError.self) {
            try ArtifactChoice.choose([Self.made(name, .iso)], names: [], all: false, build: BuildID("b"))
        }
    }

    @Test func checksumsAreInGNUFormat() {
        let line = ArtifactChoice.checksumLine(BuildFixture.iso)
        #expect(line == String(repeating: "ab", count: 32) + "  kairos.iso\n")
    }

    @Test func logsAreFilteredAndHarmlessAtATerminal() {
        func lines(step: String? = nil, job: String? = nil, isRaw: Bool) -> (lines: [String], filter: LogFilter) {
            var filter = LogFilter(job: job.map(BuildFixture.job), step: step, attempt: nil, times: nil, isRaw: isRaw)
            let lines = BuildFixture.installing().events.compactMap { filter.line($0) }
            return (lines, filter)
        }
        #expect(lines(isRaw: false).lines == ["image-amd64 | Setting up libc6        (2.36)"])
        #expect(lines(job: "image-amd64", isRaw: true).lines == ["\u{1B}[1mSetting up libc6\u{1B}[0m\t(2.36)"])
        #expect(lines(job: "iso-amd64", isRaw: true).lines.isEmpty)
        let missing = lines(step: "nope", isRaw: false)
        #expect(missing.filter.printed == 0 && missing.filter.steps == ["base", "installPackages"])
    }

    @Test(
        arguments: [
            (nil, nil, 7, "build 01J8ZK has had 1 attempt", "--attempt 1"),
            ("iso-amd64", nil, 1, "job 'iso-amd64' has not begun", nil),
            ("nojob", nil, nil, "no job 'nojob'", "one of image-amd64, iso-amd64"),
            (nil, "nope", nil, "no step 'nope'", "--step base | installPackages"),
            ("image-amd64", "base", 1, nil, nil),
        ] as [(String?, String?, Int?, String?, String?)])
    func whatDoesNotExistIsAnErrorThatNamesWhatDoes(
        job: String?, step: String?, attempt: Int?, message: String?, hint: String?
    ) {
        var filter = LogFilter(
            job: job.map(BuildFixture.job), step: step, attempt: attempt, times: nil, isRaw: true)
        for event in BuildFixture.installing().events { _ = filter.line(event) }
        let error = filter.missing(BuildFixture.build)
        #expect(error?.status == (message == nil ? nil : .usage))
        if let message { #expect(error?.message.contains(message) == true, "\(error?.message ?? "")") }
        #expect(error?.hint == hint)
    }

    @Test(
        "Whatever numbers of attempts a farm tells, a missing one is an error of one line",
        arguments: [
            (0, nil), (-1, nil), (.min, nil), (1, "--attempt 1"), (2, "--attempt 1 | --attempt 2"),
            (6, "--attempt 1 to --attempt 6"), (2_000_000_000, "--attempt 1 to --attempt 2000000000"),
        ] as [(Int, String?)])
    func attempts(told: Int, hint: String?) {
        var filter = LogFilter(job: nil, step: nil, attempt: .max, times: nil, isRaw: true)
        let event = Event(
            seq: 1, at: BuildFixture.time(1), job: BuildFixture.job("iso-amd64"), attempt: told,
            kind: .log(LogLine(text: "x")))
        #expect(filter.line(event) == nil)
        let error = filter.missing(BuildFixture.build)
        #expect(error?.status == .usage && error?.hint == hint)
    }

    @Test(
        arguments: [
            (ClientError.Code.notPermitted, nil, "be the socket's owner or root"),
            (.refused, "not-allowed", "group factory"), (.badReply, "speaks-http", "--socket"),
            (.refused, "no-common-version", "upgrade"), (.timedOut, nil, "journalctl"),
            (.cannotConnect, nil, "start factoryd"),
        ] as [(ClientError.Code, String?, String)])
    func aFarmThatDoesNotAnswerIsAdvisedByHowItDoesNot(code: ClientError.Code, reason: String?, advice: String) {
        let finding = Finding.unreachable(ClientError(code, "x", reason: reason))
        #expect(finding.advice?.contains(advice) == true)
    }

    @Test(
        "The farm's clock is compared with the time of its answer, not with its start",
        arguments: [
            (0, nil), (3, nil), (-3, nil), (3600, "ahead by"), (-3600, "behind by"), (-34_560_000, "behind by"),
            (259_200, "ahead by"),
        ] as [(Int64, String?)])
    func clock(offset: Int64, words: String?) {
        let now = BuildFixture.time(1000)
        for started in [now.advanced(by: .seconds(7200)), now.advanced(by: .seconds(-7200))] {
            let status = StatusReport(
                server: "factoryd 0.1.0", root: "/", startedAt: started, now: now.advanced(by: .seconds(offset)),
                jobs: [:],
                workers: 0, freeSlots: 0, storeBytes: 0, freeBytes: 0)
            // The answer took two seconds.
            let finding = Finding.clock(status, asked: now.advanced(by: .seconds(-2)), answered: now)
            #expect((finding.advice == nil) == (words == nil), "\(finding)")
            if let words { #expect(finding.seen.contains(words), "\(finding)") }
        }
    }

    @Test("A worker without isolation is found, whether it says so or is silent", arguments: [nil, "no"] as [String?])
    func isolation(value: String?) {
        var worker = WorkerSummary(
            name: WorkerName("w1"), architectures: [.amd64], slots: 2, state: .connected, jobs: [], capabilities: [:],
            software: "factory-worker 0.1.0", lastHeard: BuildFixture.time(0))
        worker.capabilities["isolation"] = value
        let found = Finding.workers([worker], next: .plain).first
        #expect(found?.advice?.contains("factory-worker doctor") == true)
        #expect(found?.seen.contains("isolation none") == true)
        worker.capabilities["isolation"] = "namespace"
        #expect(Finding.workers([worker], next: .plain).first?.advice == nil)
        worker.capabilities["root"] = "no"
        let imageless = Finding.workers([worker], next: .plain).first
        #expect(imageless?.advice?.contains("makes no images") == true)
        #expect(imageless?.seen.hasSuffix(", no images") == true)
    }

    @Test func findingsSayWhatToDo() {
        let worker = WorkerSummary(
            name: WorkerName("w1"), architectures: [.amd64], slots: 2, state: .connected, jobs: [], capabilities: [:],
            software: "factory-worker 0.1.0", lastHeard: BuildFixture.time(0))
        #expect(Finding.workers([worker], next: .plain).first?.advice?.contains("factory-worker doctor") == true)
        #expect(Finding.workers([], next: .plain).first?.advice?.contains("start factory-worker") == true)
        var drained = worker
        drained.state = .draining
        let found = Finding.workers([drained], next: NextCommand(program: "factoryctl --root /r"))
        #expect(found.first?.seen == "w1: connected, drained")
        #expect(found.first?.advice == "give it jobs again: factoryctl --root /r undrain w1")
        #expect(Finding.versions(ours: "0.1.0", server: "factoryd 0.1.0").advice == nil)
        #expect(Finding.versions(ours: "0.1.0", server: "factoryd 0.2.0").advice != nil)
    }
}
