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
            let lower = folder.file("lower")
            try Directory.make(lower + "/etc/apt")
            try AtomicFile.write(
                Array("deb http://\(TinyProxy.host)/debian bookworm main\n".utf8), to: lower + "/etc/apt/sources.list")
            let mount = try OverlayMount.writable(
                lowers: [lower, "/"], upper: folder.file("upper"), work: folder.file("work"), at: folder.file("m"))
            // The programs are this machine's, its archives are not.
            try Directory.remove(mount.path + "/etc/apt/sources.list.d")
            try await TreeRunner.with(mount.path, scratch: folder.file("scratch")) { runner in
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
                #expect(proxy.requests.contains { $0.contains(wanted) }, "\(proxy.requests) \(lines)")
                let settings = try await runner.command("cat", [Apt.place + "/certificates.pem"]).text()
                #expect(settings == "AUTHORITY\n\n")
                #expect(command.arguments.contains("Acquire::https::CaInfo=\(Apt.place)/certificates.pem"))
                #expect(!command.arguments.contains { $0.contains("hidden") }, "arguments are seen by everybody")
            }
            try mount.unmount()
            for entry in try Directory.walk(folder.file("upper")) where entry.kind == .file {
                let bytes = try FileIO.read(folder.file("upper/\(entry.name)"), limit: 64 << 20)
                let text = String(decoding: bytes, as: UTF8.self)
                #expect(!text.contains("hidden") && !text.contains("AUTHORITY"), "\(entry.name)")
            }
        }
    }
}
