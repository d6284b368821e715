import FactoryExecution
import FactoryProtocol
import FactorySpec
import IO
import Testing

@testable import FactoryImages

@Suite struct BaseTests {
    @Test func aSuiteComesWithItsUpdatesAndItsSecurityArchive() {
        #expect(
            ArchiveSources(.trixie, mirror: nil).entries.map(\.line) == [
                "deb http://mirror.example/debian trixie main", "deb http://mirror.example/debian trixie-updates main",
                "deb http://security.example/debian-security trixie-security main",
            ])
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

    @Test(arguments: [
        Said(
            line: "reading manifest 1 in docker.io/library/debian: manifest unknown", code: .imageNotFound, cause: .spec
        ),
        Said(
            line: "pinging container registry x: Get \"https://x/v2/\": dial tcp: lookup x: no such host",
            code: .registryUnreachable, cause: .infrastructure),
        Said(line: "open /x/index.json: no such file or directory", code: .imageNotFound, cause: .spec),
    ])
    func whatSkopeoSaysTellsWhoseFaultItIs(_ said: Said) {
        let error = ToolWords.error([said.line], ToolWords.skopeo, doing: "copying")
        #expect(error.code == said.code)
        #expect(error.cause == said.cause)
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
