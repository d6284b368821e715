import FactoryExecution
import FactoryProtocol
import FactorySpec
import Glibc
import IO
import Processes
import TestSupport
import Testing

@testable import FactoryImages

/// The worker's environment as the real tools use it.
@Suite struct ToolEnvironmentTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private var soon: Deadline { .in(.seconds(60)) }

    /// Where the credentials are that a worker was given.
    enum Credentials: String, Sendable, CaseIterable {
        case authFile
        case dockerConfig
        case home
        case helper
    }

    /// The variables by which skopeo finds these credentials.
    private func environment(_ credentials: Credentials, _ registry: TestRegistry) throws -> [String: String] {
        let word = TestRegistry.user + ":" + TestRegistry.password
        let login = #"{"auths": {"\#(registry.address)": {"auth": "\#(base64(word))"}}}"#
        func write(_ text: String, _ name: String) throws {
            try Directory.make(FileIO.parent(folder.file(name)))
            try AtomicFile.write(Array(text.utf8), to: folder.file(name))
        }
        switch credentials {
        case .authFile:
            try write(login, "auth.json")
            return ["REGISTRY_AUTH_FILE": folder.file("auth.json")]
        case .dockerConfig:
            try write(login, "docker/config.json")
            return ["DOCKER_CONFIG": folder.file("docker"), "HOME": folder.file("nobody")]
        case .home:
            try write(login, "home/.docker/config.json")
            return ["HOME": folder.file("home")]
        case .helper:
            try write(#"{"credHelpers": {"\#(registry.address)": "test"}}"#, "auth.json")
            let answer =
                #"{"ServerURL": "", "Username": "\#(TestRegistry.user)", "Secret": "\#(TestRegistry.password)"}"#
            try write("#!/bin/sh\necho '\(answer)'\n", "bin/docker-credential-test")
            guard chmod(folder.file("bin/docker-credential-test"), 0o755) == 0 else { throw IOError(.closed, "chmod") }
            return [
                "REGISTRY_AUTH_FILE": folder.file("auth.json"), "PATH": folder.file("bin") + ":/usr/bin:/bin",
            ]
        }
    }

    /// RFC 4648, for these few bytes.
    private func base64(_ text: String) -> String {
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        let bytes = Array(text.utf8)
        var result = ""
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let number = (0..<3).reduce(0) { $0 << 8 | (start + $1 < bytes.count ? Int(bytes[start + $1]) : 0) }
            for place in 0..<4 {
                result.append(place <= group.count ? digits[number >> (18 - 6 * place) & 63] : "=")
            }
        }
        return result
    }

    private func resolve(
        _ address: String, _ fixture: ImageFixture, _ variables: [String: String], _ log: Locked<[String]>
    ) async throws -> Base {
        var context = try fixture.job()
        context.tools = ToolEnvironment(variables)
        let cache = try LayerCache(directory: fixture.scratch("elsewhere"))
        let resolver = BaseResolver(context, cache: cache, architecture: .host)
        let report = JobReport { kind in
            if case .log(let line) = kind { log.withLock { $0.append(line.text) } }
        }
        return try await report.step("base", "Base") {
            try await resolver.resolve(.image(transport: "docker://", name: "\(address)/x:1"), $0, until: soon)
        }
    }

    @Test(
        "A base comes from a registry with a password and an authority of one's own; without it the description is wrong",
        .enabled(if: TestRegistry.isThere && isRoot, "needs docker-registry, htpasswd, openssl and root"))
    func registry() async throws {
        let fixture = try await ImageFixture()
        let layout = OCILayout(directory: fixture.scratch("layout"))
        try await layout.write(fixture.artifacts, from: fixture.out, name: "test")
        try await TestRegistry.with(folder) { registry in
            let trust = ["SSL_CERT_FILE": registry.certificate]
            try await Command(
                "skopeo",
                [
                    "copy", "--dest-creds", "\(TestRegistry.user):\(TestRegistry.password)",
                    "oci:\(layout.directory):test", "docker://\(registry.address)/x:1",
                ], environment: Command.plainEnvironment.merging(trust) { $1 }
            ).runSuccessfully(until: soon)
            for credentials in Credentials.allCases {
                try Directory.remove(fixture.scratch("elsewhere"))
                let variables = try environment(credentials, registry).merging(trust) { $1 }
                let base = try await resolve(registry.address, fixture, variables, Locked([]))
                #expect(base.layers.map(\.facts.diffID) == fixture.layers.map(\.facts.diffID), "\(credentials)")
            }
            let log = Locked<[String]>([])
            do {
                _ = try await resolve(
                    registry.address, fixture, trust.merging(["HOME": folder.file("nobody")]) { $1 }, log)
                Issue.record("had without a password")
            } catch let error as ImageError {
                #expect(error.cause == .spec)
                #expect(error.message.contains("unauthorized"), "\(error.message)")
            }
            #expect(!log.withLock { $0 }.contains { $0.contains("trying again") })
        }
    }

    @Test(
        "apt-helper, mmdebstrap and skopeo go through the proxy, and what it keeps secret is in no log",
        .enabled(
            if: TinyProxy.isThere && isRoot && FileIO.isThere("/usr/lib/apt/apt-helper"),
            "needs tinyproxy, apt and root"),
        arguments: ["http_proxy", "HTTP_PROXY", "all_proxy"])
    func proxy(name: String) async throws {
        let fixture = try await ImageFixture()
        try await TinyProxy.with(folder) { proxy in
            let url = proxy.url.replacing("://", with: "://user:hidden@")
            let environment = ToolEnvironment([name: url, "HTTPS_PROXY": url])
            let log = Locked<[String]>([])
            let report = JobReport { kind in
                if case .log(let line) = environment.masked(kind) { log.withLock { $0.append(line.text) } }
            }
            let mirror = "http://\(TinyProxy.host)/debian"
            let base = DebianBase(
                distribution: .bookworm, architecture: .host, mirror: mirror, cache: fixture.cache,
                downloads: fixture.scratch("downloads"), scratch: fixture.scratch("work"), sourceDateEpoch: nil,
                again: false, deadline: soon, environment: environment, waits: [])
            // The proxy's own page is no release file: each tool gets it and ends.
            await #expect(throws: (any Error).self) { try await report.step("b", "Base") { try await base.make($0) } }
            let wanted = "GET \(mirror)/dists/bookworm/InRelease"
            #expect(try await proxy.hasSeen(wanted), "\(proxy.requests)")
            let helper = proxy.requests.count
            try Directory.make(fixture.scratch("tree"))
            await #expect(throws: (any Error).self) {
                try await report.step("b", "Base") {
                    try await base.bootstrap(
                        fixture.scratch("tree"), from: ArchiveSources(.bookworm, mirror: mirror), 1_700_000_000, $0)
                }
            }
            #expect(try await proxy.hasSeen(wanted, after: helper), "\(proxy.requests)")
            let found = try Directory.walk(fixture.scratch("tree")).filter { $0.kind == .file }.filter { entry in
                let bytes = try FileIO.read(fixture.scratch("tree/\(entry.name)"), limit: 64 << 20)
                return String(decoding: bytes, as: UTF8.self).contains("hidden")
            }
            #expect(found == [], "the tree keeps the proxy")
            let words = try await Command(
                "skopeo", ["inspect", "--raw", "docker://registry.invalid/x:1"],
                environment: Command.plainEnvironment.merging(environment.registry) { $1 }
            ).output(until: soon).0
            #expect(!words.isSuccess)
            #expect(try await proxy.hasSeen("CONNECT registry.invalid:443"))
            #expect(!log.withLock { $0 }.contains { $0.contains("hidden") })
        }
    }
}
