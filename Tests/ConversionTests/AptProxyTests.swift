import FactoryExecution
import FactoryImages
import Glibc
import IO
import Processes
import TestSupport
import Testing

@testable import FactoryConversion

/// apt-get in a tree, with the worker's way to the network.
struct AptProxyTests {
    @Test(
        "apt in a tree goes through the worker's proxy and trusts its authorities; the tree keeps nothing of it",
        .enabled(
            if: TinyProxy.isThere && geteuid() == 0 && ToolFinder().find("apt-get") != nil,
            "needs tinyproxy, apt and root"))
    func proxy() async throws {
        let folder = try TemporaryFolder()
        try AtomicFile.write(Array("AUTHORITY\n".utf8), to: folder.file("ca.pem"))
        try await TinyProxy.with(folder) { proxy in
            let environment = ToolEnvironment([
                "HTTP_PROXY": proxy.url.replacing("://", with: "://user:hidden@"),
                "SSL_CERT_FILE": folder.file("ca.pem"),
            ])
            let tree = folder.file("tree")
            for name in [
                "usr", "etc/apt", "var/lib/dpkg", "var/lib/apt/lists/partial", "var/cache/apt/archives/partial",
            ] {
                try Directory.make("\(tree)/\(name)")
            }
            // The programs are this machine's, its archives are not.
            for name in ["bin", "lib", "lib64"] {
                guard symlink("usr/" + name, "\(tree)/\(name)") == 0 else { throw IOError(system: errno, "link", name) }
            }
            let list = "deb http://\(TinyProxy.host)/debian bookworm main\n"
            try AtomicFile.write(Array(list.utf8), to: tree + "/etc/apt/sources.list")
            try AtomicFile.write([], to: tree + "/var/lib/dpkg/status")
            guard mount("/usr", tree + "/usr", nil, UInt(MS_BIND), nil) == 0 else {
                throw IOError(system: errno, "mount", "/usr")
            }
            defer { umount2(tree + "/usr", Int32(MNT_DETACH)) }
            try await TreeRunner.with(tree, scratch: folder.file("scratch")) { runner in
                try Directory.make(folder.file("apt"))
                let shown = try SharedDirectory.show(folder.file("apt"), in: runner, at: Apt.place)
                defer { shown.remove() }
                let apt = try Apt(
                    runner: runner, directory: folder.file("apt"), pool: ArchivePool(directory: folder.file("pool")),
                    environment: environment)
                let command = apt.command(["-q", "-o", "APT::Sandbox::User=root", "update"])
                var lines: [String] = []
                try await command.run(until: .in(.seconds(60))) { lines.append($0.text) }
                let wanted = "GET http://\(TinyProxy.host)/debian/dists/bookworm/InRelease"
                #expect(try await proxy.hasSeen(wanted), "\(proxy.requests) \(lines)")
                let settings = try await runner.command("cat", [Apt.place + "/certificates.pem"]).text()
                #expect(settings == "AUTHORITY\n\n")
                #expect(command.arguments.contains("Acquire::https::CaInfo=\(Apt.place)/certificates.pem"))
                #expect(!command.arguments.contains { $0.contains("hidden") }, "arguments are seen by everybody")
            }
            umount2(tree + "/usr", Int32(MNT_DETACH))
            for entry in try Directory.walk(tree) where entry.kind == .file {
                let bytes = try FileIO.read("\(tree)/\(entry.name)", limit: 64 << 20)
                let text = String(decoding: bytes, as: UTF8.self)
                #expect(!text.contains("hidden") && !text.contains("AUTHORITY"), "\(entry.name)")
            }
        }
    }
}
