import Glibc
import IO
import Processes
import TestSupport

/// A real registry, docker-registry(1), with a certificate that nobody knows and one user with a password.
struct TestRegistry: Sendable {
    static let isThere = ["docker-registry", "htpasswd", "openssl"].allSatisfy { ToolFinder().find($0) != nil }

    /// Where it listens, as it stands in a reference.
    let address: String
    /// Its certificate, which signs itself.
    let certificate: String

    static let user = "user"
    static let password = "secret"

    /// Runs `body` beside a registry that keeps all it has in a folder.
    static func with(_ folder: TemporaryFolder, _ body: (TestRegistry) async throws -> Void) async throws {
        let (key, certificate) = (folder.file("key.pem"), folder.file("cert.pem"))
        let subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
        let kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
        try await Command("openssl", ["req", "-x509"] + kind + subject + ["-keyout", key, "-out", certificate])
            .runSuccessfully(until: .in(.seconds(20)))
        let users = try await Command("htpasswd", ["-bnBC", "4", user, password]).text(until: .in(.seconds(20)))
        let settings = """
            version: 0.1
            log: {level: info, accesslog: {disabled: true}}
            storage: {filesystem: {rootdirectory: \(folder.file("registry"))}}
            http: {addr: "127.0.0.1:0", tls: {certificate: \(certificate), key: \(key)}}
            auth: {htpasswd: {realm: test, path: \(folder.file("users"))}}
            """
        for (name, text) in [("users", users), ("registry.yml", settings)] {
            try AtomicFile.write(Array(text.utf8), to: folder.file(name))
        }
        try await RunningService.with(Command("docker-registry", ["serve", folder.file("registry.yml")])) { line in
            line.firstRange(of: "listening on ").map { String(line[$0.upperBound...].prefix { $0 != "," }) }
        } _: { address in
            try await body(TestRegistry(address: address, certificate: certificate))
        }
    }
}
