import FactoryProtocol
import Processes
import Testing

@testable import FactoryConversion

/// What apt prints, and what it means.
struct AptTests {
    @Test(
        "reads the lines of the status descriptor",
        arguments: [
            (
                "dlstatus:4:1.2330:Retrieving file 4 of 264",
                AptStatus.download(percent: 1.233, text: "Retrieving file 4 of 264")
            ),
            (
                "pmstatus:libssl3:0.0946:Unpacking libssl3 (amd64)",
                .installing(package: "libssl3", percent: 0.0946, text: "Unpacking libssl3 (amd64)")
            ),
            (
                "pmerror:x:50.0:installed post-installation script: exit 1",
                .failed(package: "x", text: "installed post-installation script: exit 1")
            ),
            ("pmstatus:x:250:too much", .installing(package: "x", percent: 100, text: "too much")),
        ])
    func status(line: String, expected: AptStatus) {
        #expect(AptStatus(line) == expected)
    }

    @Test(
        "takes nothing else for a status",
        arguments: ["", "pmstatus", "pmstatus:a:nan:x", "pmconffile:a:1:x", "dlstatus:1:x:y"])
    func noStatus(line: String) {
        #expect(AptStatus(line) == nil)
    }

    @Test func readsTheFilesOfATransaction() throws {
        let hash = String(repeating: "ab", count: 32)
        let files = try ArchiveFile.list(
            """
            'http://mirror.example/debian/pool/main/z/zstd/zstd_1.5_amd64.deb' zstd_1.5_amd64.deb 700 SHA256:\(hash)
            NOTE: something
            'http://mirror.example/debian/pool/main/l/lvm2/dmsetup_1.02.185-2_amd64.deb' dmsetup_2%3a1.02.185-2_amd64.deb 82040 SHA256:\(hash)

            """)
        #expect(files.map(\.title) == ["dmsetup 2:1.02.185-2", "zstd 1.5"])
        #expect(files.map(\.size) == [82040, 700])
    }

    @Test(
        "refuses a file that would be missing in the layer's key",
        arguments: [
            "'http://x/a_1_all.deb' a_1_all.deb 5 MD5Sum:00", "'http://x/a_1_all.deb' ../a_1_all.deb 5 SHA256:00",
            "'http://x' x", "'http://x/a.deb' .a.deb 5 SHA256:" + String(repeating: "0", count: 64),
        ])
    func oddFiles(line: String) {
        #expect(throws: ConversionError.self) { try ArchiveFile.list(line + "\n") }
    }

    @Test(
        "says whose fault it is",
        arguments: [
            (
                [
                    "Err:1 http://x bookworm InRelease",
                    "  Could not connect to x:80 (10.0.0.1). - connect (111: Connection refused)",
                    "E: Failed to fetch http://x/InRelease  Could not connect to x:80",
                ], Failure.Cause.infrastructure, "apt-unreachable"
            ),
            (["E: Unable to locate package nosuch"], .spec, "packages-unresolvable"),
            (
                [
                    "The following packages have unmet dependencies:",
                    "E: Unable to correct problems, you have held broken packages.",
                ], .spec, "packages-unresolvable"
            ),
            (
                ["E: Failed to fetch http://x/a.deb", "E: Write error - write (28: No space left on device)"], .worker,
                "disk-full"
            ),
            (
                [
                    "dpkg: error processing package x (--configure):",
                    "E: Sub-process /usr/bin/dpkg returned an error code (1)",
                ], .spec, "package-script-failed"
            ),
            (
                ["W: GPG error: http://x InRelease: NO_PUBKEY 0E98", "E: The repository 'http://x' is not signed."],
                .spec, "archive-untrusted"
            ),
            (
                ["E: Release file for http://x/InRelease is expired (invalid since 3d)."], .infrastructure,
                "apt-unreachable"
            ),
            (
                [
                    "Err:1 http://x bookworm InRelease", "  503  Service Unavailable [IP: 10.0.0.1 80]",
                    "E: The repository 'http://x bookworm Release' does not have a Release file.",
                ], .infrastructure, "apt-unreachable"
            ),
            (["E: something new"], .spec, "apt-failed"),
            ([], .spec, "apt-failed"),
        ] as [([String], Failure.Cause, String)])
    func failures(lines: [String], cause: Failure.Cause, code: String) {
        let failure = AptFailure(lines: lines)
        #expect(failure.cause == cause)
        #expect(failure.code == code)
        #expect(!failure.words.isEmpty && !failure.words.hasPrefix("E: "))
    }

    @Test func whoKillsAptIsAtFaultAndNotTheDescription() {
        let failure = AptFailure(lines: ["Unpacking x ..."], status: .signalled(9))
        #expect(failure.cause == .worker)
        #expect(failure.code == "tool-killed")
    }
}
