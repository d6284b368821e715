import FactoryExecution
import FactoryProtocol
import FactorySpec
import IO
import Testing

@testable import FactoryImages

@Suite struct BaseTests {
    @Test func aListOfSourcesIsRead() {
        let list = "deb http://a.example/debian trixie main\ndeb http://b.example/security trixie-security main\n"
        let sources = ArchiveSources(list: "# by hand\n" + list)
        #expect(sources?.entries.map { $0.line + "\n" }.joined() == list)
        #expect(sources?.entries[1].release == "http://b.example/security/dists/trixie-security/InRelease")
    }

    @Test(arguments: [
        "", "# nothing\n", "deb http://a.example/debian trixie\n", "deb-src http://a.example/ trixie main\n",
    ])
    func aListThatIsNoneIsNotGuessedAt(_ list: String) {
        #expect(ArchiveSources(list: list) == nil)
    }

    @Test func aMirrorOfOnesOwnIsAllThatIsAsked() {
        let entries = ArchiveSources(.bookworm, mirror: "http://mirror.example/debian/").entries
        #expect(entries.map(\.release) == ["http://mirror.example/debian/dists/bookworm/InRelease"])
    }

    @Test func theDateOfASuiteIsInItsReleaseFile() {
        let text =
            "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nOrigin: Debian\nDate: Sat, 06 Sep 2025 09:24:17 UTC\n"
        #expect(DebianBase.date(of: text) == 1_757_150_657)
        #expect(DebianBase.date(of: "<html>") == nil)
    }

    @Test(arguments: [
        ("debian:12", "debian"), ("registry.example:5000/a/b", "registry.example:5000/a/b"),
        ("registry.example:5000/a/b:1", "registry.example:5000/a/b"), ("a/b@sha256:00", "a/b"),
        ("a/b:1@sha256:0", "a/b"),
    ])
    func theRepositoryOfAReferenceIsKnown(_ name: String, _ repository: String) {
        #expect(ImageBase.repository(name) == repository)
    }

    struct Said: Sendable {
        let line: String
        let code: ImageError.Code
        let cause: Failure.Cause
    }

    @Test(arguments: [
        Said(
            line: "E: Failed to fetch http://x/InRelease  Could not resolve 'x'", code: .mirrorUnreachable,
            cause: .infrastructure),
        Said(line: "E: Failed to fetch http://x/InRelease  404  Not Found", code: .suiteNotFound, cause: .spec),
        Said(line: "E: The repository 'http://x s Release' is not signed.", code: .archiveUntrusted, cause: .spec),
        Said(line: "E: Write error - write (28: No space left on device)", code: .diskFull, cause: .worker),
        Said(line: "E: something nobody has seen", code: .toolFailed, cause: .worker),
    ])
    func whatAptSaysTellsWhoseFaultItIs(_ said: Said) {
        let error = ToolWords.error(["I: running apt-get update...", said.line], ToolWords.apt, doing: "making")
        #expect(error.code == said.code)
        #expect(error.cause == said.cause)
        #expect(error.message == "making: " + said.line.dropFirst(3))
        #expect(error.failure.failure.excerpt.last == said.line)
    }

    @Test func aServerThatCannotAnswerNowIsNotTheDescriptionsFault() {
        let lines = [
            "E: Failed to fetch http://x/InRelease  503  Service Unavailable [IP: 10.0.0.1 80]",
            "E: The repository 'http://x bookworm Release' does not have a Release file.",
        ]
        #expect(ToolWords.error(lines, ToolWords.apt, doing: "making").cause == .infrastructure)
        let gone = ["E: Failed to fetch http://x/pool/main/a/a_1.deb  404  Not Found"]
        #expect(ToolWords.error(gone, ToolWords.apt, doing: "making").cause == .infrastructure)
    }

    struct Skopeo: Sendable {
        let line: String
        let code: ImageError.Code
        let cause: Failure.Cause
        var isLocal = false
    }

    static let said: [Skopeo] = [
        Skopeo(
            line: "reading manifest 1 in docker.io/library/debian: manifest unknown", code: .imageNotFound, cause: .spec
        ),
        Skopeo(line: "requested access to the resource is denied", code: .imageNotFound, cause: .spec),
        Skopeo(line: "unauthorized: authentication required", code: .imageNotFound, cause: .spec),
        Skopeo(line: "StatusCode: 403, Forbidden", code: .imageNotFound, cause: .spec),
        Skopeo(line: "received unexpected HTTP status: 404 Not Found", code: .imageNotFound, cause: .spec),
        Skopeo(
            line: "pinging container registry x: Get \"https://x/v2/\": dial tcp: lookup x: no such host",
            code: .registryUnreachable, cause: .infrastructure),
        Skopeo(
            line: "received unexpected HTTP status: 500 Internal Server Error", code: .registryUnreachable,
            cause: .infrastructure),
        Skopeo(
            line: "received unexpected HTTP status: 504 Gateway Timeout", code: .registryUnreachable,
            cause: .infrastructure),
        Skopeo(line: "net/http: TLS handshake timeout", code: .registryUnreachable, cause: .infrastructure),
        Skopeo(
            line: "context deadline exceeded (Client.Timeout exceeded)", code: .registryUnreachable,
            cause: .infrastructure),
        Skopeo(
            line: "toomanyrequests: You have reached your pull rate limit", code: .registryUnreachable,
            cause: .infrastructure),
        Skopeo(line: "writing blob: unexpected EOF", code: .registryUnreachable, cause: .infrastructure),
        Skopeo(line: "writing blob: unexpected EOF", code: .badImage, cause: .spec, isLocal: true),
        Skopeo(line: "x509: certificate signed by unknown authority", code: .archiveUntrusted, cause: .spec),
        Skopeo(line: "http: server gave HTTP response to HTTPS client", code: .archiveUntrusted, cause: .spec),
        Skopeo(line: "no image found in manifest list for architecture amd64", code: .wrongArchitecture, cause: .spec),
        Skopeo(line: "unsupported MIME type for compression: application/x", code: .badImage, cause: .spec),
        Skopeo(line: "archive/tar: invalid tar header", code: .badImage, cause: .spec, isLocal: true),
        Skopeo(
            line: "open /x/index.json: no such file or directory", code: .imageNotFound, cause: .spec, isLocal: true),
        Skopeo(
            line: "loading tar component manifest.json: file does not exist", code: .badImage, cause: .spec,
            isLocal: true),
        Skopeo(
            line: "loading tar component ../../etc/passwd: file does not exist", code: .badImage, cause: .spec,
            isLocal: true),
        Skopeo(
            line: "Error reading tar archive component manifest.json/: not a regular file", code: .badImage,
            cause: .spec, isLocal: true),
        Skopeo(
            line:
                "decoding tar manifest.json: json: cannot unmarshal object into Go value of type []tarfile.ManifestItem",
            code: .badImage, cause: .spec, isLocal: true),
        Skopeo(line: "Some layer tarfiles are missing in the tarball", code: .badImage, cause: .spec, isLocal: true),
        Skopeo(line: "open /etc/passwd/x: not a directory", code: .badImage, cause: .spec, isLocal: true),
        Skopeo(line: "read /x: input/output error", code: .toolFailed, cause: .worker, isLocal: true),
        Skopeo(line: "more than one image in oci, choose an image", code: .imageNotFound, cause: .spec, isLocal: true),
        Skopeo(line: "write /x: no space left on device", code: .diskFull, cause: .worker),
        Skopeo(
            line: "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
            code: .toolMissing, cause: .worker, isLocal: true),
        Skopeo(line: "something nobody has seen", code: .toolFailed, cause: .worker),
    ]

    @Test(arguments: said)
    func whatSkopeoSaysTellsWhoseFaultItIs(_ said: Skopeo) {
        let error = ToolWords.error([said.line], ToolWords.skopeo(isLocal: said.isLocal), doing: "copying")
        #expect(error.code == said.code)
        #expect(error.cause == said.cause)
    }

    @Test func theWordsOfSkopeoAreTakenOutOfItsLog() {
        let line = #"time="2026-11-25T03:57:30Z" level=fatal msg="pinging \"x\": dial tcp: no such host""#
        #expect(
            ToolWords.error([line], ToolWords.skopeo(isLocal: false), doing: "finding y").message
                == #"finding y: pinging "x": dial tcp: no such host"#)
    }

    @Test(.enabled(if: FileIO.isThere("/usr/lib/apt/apt-helper"), "fetches with apt-helper, which is not here"))
    func aMirrorThatIsAwayIsTriedAgainAndThenNobodysFaultHere() async throws {
        let scratch = try Scratch()
        // A listener that never listens: the port is bound and free for nobody, and refuses every connection.
        let port = try BoundPort()
        let base = DebianBase(
            distribution: .bookworm, architecture: .amd64,
            mirror: "http://127.0.0.1:\(port.number)/debian",
            cache: try LayerCache(directory: scratch("trees")), downloads: scratch("downloads"),
            scratch: scratch("work"), sourceDateEpoch: nil, again: false, deadline: .in(.seconds(60)),
            environment: ToolEnvironment([:]), waits: [.milliseconds(1), .milliseconds(1)])
        let retries = Locked(0)
        let report = JobReport { kind in
            if case .log(let line) = kind, line.text.contains("trying again") { retries.withLock { $0 += 1 } }
        }
        do {
            _ = try await report.step("base", "Base") { try await base.make($0) }
            Issue.record("made")
        } catch let error as ImageError {
            #expect(error.code == .mirrorUnreachable)
            #expect(error.cause == .infrastructure)
            #expect(error.message.contains("Connection refused"))
            #expect(error.excerpt.contains { $0.hasPrefix("E: ") })
        }
        #expect(retries.withLock { $0 } == 2)
    }

    @Test func onlyWhatFailedOutsideIsTriedAgain() async throws {
        let outside = ImageError(.mirrorUnreachable, .infrastructure, "away")
        let waits = [Duration.milliseconds(1), .milliseconds(1)]
        var tries = 0
        await #expect(throws: ImageError.self) {
            try await Retrying.run(waits: waits, onRetry: { _, _ in }) { () async throws(ImageError) in
                tries += 1
                throw outside
            }
        }
        #expect(tries == 3)
        tries = 0
        await #expect(throws: ImageError.self) {
            try await Retrying.run(waits: waits, onRetry: { _, _ in }) { () async throws(ImageError) in
                tries += 1
                throw ImageError(.suiteNotFound, .spec, "none")
            }
        }
        #expect(tries == 1)
        let value = try await Retrying.run(waits: waits, onRetry: { _, _ in }) { () async throws(ImageError) -> Int in
            tries += 1
            if tries < 3 { throw outside }
            return tries
        }
        #expect(value == 3)
    }
}
