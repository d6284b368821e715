import FactoryProtocol
import FoundationEssentials
import Glibc
import IO
import Processes
import TestSupport
import Testing

private let isWanted = getenv("FACTORY_SLOW_TESTS") != nil && geteuid() == 0

/// What the README promises: one command, from the clone to an ISO that was booted under both firmwares. Real packages
/// from the distribution's mirror, a real conversion, a real ISO, two real boots.
@Suite(.enabled(if: isWanted, "set FACTORY_SLOW_TESTS=1 and be root: builds Debian 12 and boots it, some ten minutes"))
struct QuickstartTests {
    /// The project's folder.
    private static let project = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

    /// Runs scripts/quickstart; returns its status, what it said, and how long it took.
    private func quickstart(_ root: String, _ output: String) async throws -> (ProcessStatus, [String], Duration) {
        // The programs that scripts/test built: SwiftPM holds its lock while tests run, so nothing can be built meanwhile.
        let programs = ["--programs", Program.folder]
        var command = Command(Self.project + "/scripts/quickstart", ["--root", root, "--output", output] + programs)
        command.environment = ProcessInfo.processInfo.environment
        var lines: [String] = []
        let begin = ContinuousClock.now
        let status = try await command.run(until: .in(.seconds(2400))) { lines.append($0.text) }
        return (status, lines, ContinuousClock.now - begin)
    }

    @Test("quickstart ends with a booted ISO; the second time everything comes from the cache, in under 30 s")
    func twice() async throws {
        let folder = try TemporaryFolder()
        let (root, output) = (folder.file("r"), folder.file("o"))
        let (status, said, _) = try await quickstart(root, output)
        try #require(status == .exited(0), "\(said.suffix(60).joined(separator: "\n"))")
        #expect(said.contains { $0.contains("boots under BIOS") })
        #expect(said.contains { $0.contains("boots under UEFI") })
        let made = try Directory.entries(output).map(\.name).sorted()
        let iso = try #require(made.first { $0.hasSuffix(".iso") })
        #expect(made.contains(iso + ".sha256"))
        var check = Command("sha256sum", ["--check", iso + ".sha256"])
        check.directory = output
        #expect(try await check.run(until: .in(.seconds(120))) == .exited(0))
        let written = try #require(try FileIO.status(output + "/" + iso))

        let (again, repeated, time) = try await quickstart(root, output)
        try #require(again == .exited(0), "\(repeated.suffix(60).joined(separator: "\n"))")
        #expect(repeated.contains { $0.contains("boots under UEFI") })
        #expect(try FileIO.status(output + "/" + iso)?.size == written.size)
        #expect(time < .seconds(30), "the second run took \(time)")
    }
}
