import FactoryExecution
import FactoryProtocol
import FactorySpec
import Glibc
import IO
import Processes
import TestSupport
import Testing

@testable import FactoryImages

/// Bases in a directory whose mount forbids what mmdebstrap does.
@Suite(.enabled(if: geteuid() == 0, "mounts tmpfs: needs root"))
struct TreeMountTests {
    /// Runs `body` with a base that would be made on a tmpfs with these options, and the path of the mount.
    private func with(_ options: String, _ body: (DebianBase, String) async throws -> Void) async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("m")
        try Directory.make(path)
        try await Command("mount", ["-t", "tmpfs", "-o", "size=1g,\(options)", "tmpfs", path])
            .runSuccessfully(until: .in(.seconds(20)))
        defer { umount2(path, Int32(MNT_DETACH)) }
        try await body(
            DebianBase(
                // Nobody listens there: what is asked of the network fails.
                distribution: .bookworm, architecture: .host, mirror: "http://127.0.0.1:1/debian",
                cache: try LayerCache(directory: path + "/trees"), downloads: folder.file("downloads"),
                scratch: folder.file("work"), sourceDateEpoch: nil, again: false, deadline: .in(.seconds(300)),
                environment: ToolEnvironment([:]), waits: []), path)
    }

    @Test(
        "A base is refused before anything is fetched, with the mount, its option and what to do",
        arguments: ["noexec", "nodev", "noexec,nodev"])
    func refused(options: String) async throws {
        try await with(options) { base, path in
            do {
                _ = try await JobReport { _ in }.step("b", "Base") { try await base.make($0) }
                Issue.record("made")
            } catch let error as ImageError {
                #expect(error.code.rawValue == "mount-forbids" && error.cause == .worker)
                #expect(error.message.hasPrefix("\(path) is mounted with \(options), "), "\(error.message)")
                #expect(error.message.contains("mount -o remount,\(options.replacing("no", with: "")) \(path)"))
            }
        }
    }

    @Test("A mount that forbids nothing of it is no obstacle", arguments: ["rw", "nosuid", "noatime"])
    func free(options: String) async throws {
        try await with(options) { base, _ in
            let obstacle = try TreeMount.obstacle(base.cache.directory, .root)
            #expect(obstacle == nil)
        }
    }

    @Test("In a user namespace nodev is no obstacle: nobody makes device nodes there")
    func userNamespace() async throws {
        try await with("nodev") { base, _ in
            let inside = try TreeMount.obstacle(base.cache.directory, .userNamespace)
            let outside = try TreeMount.obstacle(base.cache.directory, .root)
            #expect(inside == nil && outside != nil)
        }
    }

    @Test(
        "When mmdebstrap fails on such a mount, the mount is named and not only that it failed to run",
        .enabled(if: getenv("FACTORY_SLOW_TESTS") != nil, "set FACTORY_SLOW_TESTS=1: fetches Debian from its mirror"))
    func failure() async throws {
        try await with("noexec") { base, path in
            let tree = base.cache.directory + "/tree"
            try Directory.make(tree, exactMode: 0o755)
            do {
                try await JobReport { _ in }.step("b", "Base") {
                    let sources = ArchiveSources(.bookworm, mirror: "http://deb.debian.org/debian")
                    try await base.bootstrap(tree, from: sources, 1_700_000_000, $0)
                }
                Issue.record("made")
            } catch let error as ImageError {
                #expect(error.code.rawValue == "mount-forbids" && error.cause == .worker, "\(error.excerpt)")
                #expect(error.message.contains("\(path) is mounted with noexec, "), "\(error.message)")
                #expect(!error.excerpt.isEmpty)
            }
        }
    }
}
