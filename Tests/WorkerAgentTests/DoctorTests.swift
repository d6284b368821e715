import FactoryProtocol
import Glibc
import IO
import Processes
import TestSupport
import Testing

@testable import factory_worker

/// `factory-worker doctor`, and what the agent registers, by whom and how ever they are started. The real program.
struct DoctorTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Runs doctor behind a shell's words; `$@` is the program with its arguments.
    private func doctor(_ script: String, _ arguments: [String] = []) async throws -> (ProcessStatus, [String]) {
        var lines: [String] = []
        let program = [BuiltPrograms.path("factory-worker"), "doctor", "--root", folder.path]
        let status = try await Command("/bin/sh", ["-c", script, "sh"] + arguments + program)
            .run(until: .in(.seconds(120))) { lines.append($0.text) }
        return (status, lines)
    }

    private static func line(_ lines: [String], _ what: String) -> String {
        lines.first { $0.dropFirst(9).hasPrefix(what + " ") } ?? "none of \(lines)"
    }

    @Test(
        "Without root no image can be made, with subordinate ids or without, and doctor says so",
        .enabled(if: geteuid() == 0 && access("/etc/subuid", F_OK) == 0, "acts as another user: needs root"),
        arguments: ["", "nobody:100000:65536\n4242:200000:65536\n"], [65534, 4242])
    func notRoot(ranges: String, user: Int) async throws {
        #expect(chmod(folder.path, 0o777) == 0)
        let file = folder.file("ranges")
        try AtomicFile.write(Array(ranges.utf8), to: file, mode: 0o644)
        let (status, lines) = try await doctor(
            """
            ranges=$1; user=$2; shift 2
            exec unshare --mount --propagation private sh -c '
                mount --bind "$1" /etc/subuid && mount --bind "$1" /etc/subgid || exit 99
                user=$2; shift 2
                exec setpriv --reuid=$user --regid=$user --clear-groups "$@"' sh "$ranges" "$user" "$@"
            """, [file, String(user)])
        #expect(status == .exited(1), "\(lines)")
        let root = Self.line(lines, "root")
        #expect(root.hasPrefix("MISSING  root"), "\(lines)")
        for word in ["no images", "not root", "run the agent as root", "/etc/subuid"] {
            #expect(root.contains(word), "\(root)")
        }
    }

    @Test("Root of a user namespace that maps too few ids is told to map more")
    func fewIdentifiers() async throws {
        let (status, lines) = try await doctor(#"exec unshare --user --map-root-user "$@""#)
        #expect(status == .exited(1), "\(lines)")
        let root = Self.line(lines, "root")
        #expect(root.hasPrefix("MISSING  root") && root.contains("usermod --add-subuids"), "\(lines)")
    }

    @Test("Root of the machine makes images", .enabled(if: geteuid() == 0, "needs root"))
    func root() async throws {
        let (_, lines) = try await doctor(#"exec "$@""#)
        #expect(Self.line(lines, "root").hasPrefix("ok       root"), "\(lines)")
    }

    @Test(
        "The agent registers what doctor says: only root of the machine gets jobs that make images",
        .enabled(if: geteuid() == 0, "acts as another user: needs root"), arguments: [0, 4242])
    func registered(user: uid_t) async throws {
        let farm = try FakeFarm()
        for path in ["", "run", "run/factoryd.sock"] { #expect(chown(farm.folder.file(path), user, user) == 0) }
        let agent = try farm.startAgent(
            through: ["/usr/bin/setpriv", "--reuid=\(user)", "--regid=\(user)", "--clear-groups"])
        _ = try await farm.idleWorker()
        let offer = try #require(farm.offers.withLock { $0.first })
        #expect(offer.capabilities["root"] == (user == 0 ? "yes" : "no"))
        #expect(try farm.agentLog().contains("no job that makes an image") == (user != 0))
        try agent.kill()
    }

    @Test("The umask that doctor was started with is shown, and that of jobs", arguments: ["000", "022", "077"])
    func umask(mask: String) async throws {
        let (_, lines) = try await doctor("umask \(mask); exec \"$@\"")
        let shown = Self.line(lines, "umask")
        #expect(shown.hasSuffix("started with \(mask); jobs always run with 022"), "\(lines)")
    }

    @Test(
        "The limits of descriptors are shown; one that jobs may not get by with is a warning",
        arguments: [("-n 64", "warning"), ("-Sn 64", "ok     "), ("-n 1024", "ok     ")])
    func descriptors(limit: String, mark: String) async throws {
        let (_, lines) = try await doctor("ulimit \(limit); exec \"$@\"")
        let shown = Self.line(lines, "descriptors")
        #expect(shown.hasPrefix(mark), "\(lines)")
        #expect(shown.contains("soft limit \(limit.split(separator: " ")[1]), hard limit"), "\(lines)")
    }

    @Test("However few descriptors there are, doctor says something and is ended by no signal")
    func fewDescriptors() async throws {
        for limit in [4, 20, 27, 30, 36, 48] {
            let (status, lines) = try await doctor("ulimit -n \(limit); exec \"$@\"")
            guard case .exited(let code) = status, code < 2 else {
                Issue.record("\(limit) descriptors: \(status), \(lines)")
                continue
            }
            #expect(!lines.isEmpty, "\(limit) descriptors")
        }
    }
}
