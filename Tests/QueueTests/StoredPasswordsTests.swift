import FactoryProtocol
import FactoryQueue
import JSON
import SQLite
import TestSupport
import Testing

/// What an older release stored before passwords were refused.
@Suite struct StoredPasswordsTests {
    @Test(arguments: [
        ("base", "docker://user:s3cret@registry.example/debian:12", "docker://user:***@registry.example/debian:12"),
        ("base", "docker://t0ken@registry.example/debian", "docker://***@registry.example/debian"),
        ("mirror", "http://user:s3cret@mirror.example/debian", "http://user:***@mirror.example/debian"),
        // No password.
        ("base", "docker://registry.example/debian@sha256:0123", "docker://registry.example/debian@sha256:0123"),
        (
            "base", "containers-storage:[overlay@/srv/x+/run/x]debian",
            "containers-storage:[overlay@/srv/x+/run/x]debian"
        ),
        ("cloudConfig", "#cloud-config\n# http://a:b@c\n", "#cloud-config\n# http://a:b@c\n"),
    ])
    func noListShowsAPassword(field: String, stored: String, shown: String) async throws {
        let queue = try QueueFixture()
        let store = queue.store
        let build = try await store.submit(try queue.submission()).build
        let spec = JSONValue.object([field: .string(stored), "version": .string("v1.0.0")])
        let json = try CanonicalJSON.text(spec)
        let title = stored + " v1.0.0 amd64 generic"
        try await store.writer.write { db in
            _ = try db.run("UPDATE builds SET spec_json = ?, title = ?", json, field == "base" ? title : "t")
        }
        let details = try await store.details(of: build, lastSeq: 0)
        #expect(details.spec == .object([field: .string(shown), "version": .string("v1.0.0")]))
        let summary = try #require(try await store.builds(limit: 1).first)
        #expect(summary == details.summary)
        if field == "base", !stored.hasPrefix("containers-storage:") {
            #expect(summary.title == shown + " v1.0.0 amd64 generic")
        }
    }
}
