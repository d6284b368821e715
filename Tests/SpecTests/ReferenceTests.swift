import FactoryProtocol
import Testing

@testable import FactorySpec

private let sha = String(repeating: "0a", count: 32)

/// Why one value of a key is refused; nil when it is taken.
private func problem(_ key: String, _ value: String) -> Problem? {
    var entries = ["base": "distro:debian/bookworm", "version": "v1.0.0"]
    entries[key] = value
    do throws(SpecError) {
        _ = try BuildSpec.read(
            SpecNode(.map(entries.map { .init(key: $0.key, node: SpecNode(.string($0.value))) })))
        return nil
    } catch {
        return error.problems.first
    }
}

@Suite struct BaseReferenceTests {
    @Test(arguments: [
        "docker://debian:12", "docker://docker.io/library/debian", "docker://localhost:5000/img",
        "docker://192.168.1.5:5000/a/b/c:1.0", "docker://[::1]:5000/x:1",
        "docker://[fe80::1%25]/x".replacing("%25", with: ""),
        "docker://r.example/a__b/c--d.e_f:T_1.x-y", "docker://r/a@sha256:\(sha)", "docker://r/a:t@sha256:\(sha)",
        "docker://Host/a", "DOCKER://debian:12", "oci:/srv/a", "oci:/srv/a:tag", "oci-archive:/a.tar",
        "docker-archive:/a.tar", "dir:/a", "docker-daemon:a:latest", "docker-daemon:sha256:\(sha)",
        "containers-storage:localhost/a", "containers-storage:[overlay@/x]a", "containers-storage:@\(sha)",
    ]) func wellFormedReferencesAreTaken(text: String) {
        #expect(problem("base", text)?.message == nil)
    }

    @Test(
        arguments: [
            ("docker://Debian:12", "docker://debian:12"), ("docker://r/a@sha256:abc", nil),
            ("docker://r/a@md5:\(sha)", nil), ("docker://r/a@sha256:\(sha.uppercased())", nil),
            ("docker://r.example/A/b:1", "docker://r.example/a/b:1"), ("docker://a//b", nil), ("docker://a/", nil),
            ("docker:///a", nil), ("docker://a:", nil), ("docker://a:-x", nil), ("docker://a:x y", nil),
            ("docker://a:" + String(repeating: "t", count: 129), nil), ("docker://-a.b/c", nil),
            ("docker://a.b:99999/c", nil), ("docker://a.b:x/c", nil), ("docker://a___b", nil), ("docker://a-", nil),
            ("docker://\(sha)", nil), ("docker://[::1/x", nil), ("docker://[zz]:1/x", nil), ("docker://a?b", nil),
            ("oci:rel/path", "oci:/path"), ("oci-archive:a.tar", nil), ("docker-archive:../a", nil),
            ("dir:/a/../b", nil), ("docker-daemon:a", "docker-daemon:a:latest"), ("docker-daemon:A:1", nil),
        ] as [(String, String?)])
    func malformedReferencesAreRefused(text: String, suggestion: String?) {
        let found = problem("base", text)
        #expect(found?.code == "bad-base", "\(text)")
        if let suggestion { #expect(found?.suggestion == suggestion) }
    }

    @Test(
        arguments: [
            ("docker:debian:12", "docker://debian:12"), ("file:/x.tar", "docker-archive:/x.tar"),
            ("file:///x.tar", "docker-archive:/x.tar"), ("https://e/x", nil), ("ftp://e/x", nil),
            ("ghcr.io/x:y", "docker://ghcr.io/x:y"), ("localhost:5000/x", "docker://localhost:5000/x"),
            ("docker:Debian:12", nil), ("/srv/a", "oci:/srv/a"), ("a b", "distro:debian/bookworm"), ("Foo:1", nil),
        ] as [(String, String?)])
    func whatIsSuggestedWouldBeTaken(text: String, suggestion: String?) {
        let found = problem("base", text)
        #expect(found?.suggestion == suggestion, "\(text)")
        if let suggestion = found?.suggestion { #expect(problem("base", suggestion) == nil) }
    }

    @Test func whatAnOlderReleaseTookIsStillRead() throws {
        let work = JobWork.image(
            ImageWork(
                base: .image(transport: "docker://", name: "Debian:12"), version: try ImageVersion(parsing: "v1.0.0"),
                arch: .amd64, model: .generic, components: .none))
        #expect(try JobWork(work.json()) == work)
    }
}

@Suite struct MirrorTests {
    @Test(
        arguments: [
            ("http://m/debian", "http://m/debian"), ("https://m:8443/debian/", "https://m:8443/debian/"),
            ("HTTP://M/debian", "http://M/debian"), ("http://[fd00::1]:3142/debian", "http://[fd00::1]:3142/debian"),
            ("http://10.0.0.1", "http://10.0.0.1"), ("http://m/a~b/%20", "http://m/a~b/%20"),
        ]) func wellFormedMirrorsAreTaken(text: String, read: String) throws
    {
        #expect(try MirrorURL.parse(text) == read)
    }

    @Test(arguments: [
        "ftp://m/debian", "m/debian", "http://", "http:///debian", "http://.", "http://m..x/", "http://-m/",
        "http://m:99999/debian", "http://m:0/", "http://m:/", "http://m:x/", "http://[::1/debian", "http://[m]/",
        "http://m/d?x=1", "http://m/d#f", "http://m?x", "http://m/a b", "http://m/a\"b", "http://m/ü", "http://m\\x",
        "http://u:p@m/debian", "http://u@m/debian",
    ]) func malformedMirrorsAreRefused(text: String) {
        #expect(problem("mirror", text)?.code == "bad-mirror")
    }

    @Test func aMirrorWarnsThatItsSuiteIsAllThereIs() throws {
        let spec = BuildSpec(
            base: .distribution(.trixie), version: try ImageVersion(parsing: "v1.0.0"), mirror: "http://m/debian")
        let warning = Planner.plan(spec).warnings.first { $0.code == "mirror-alone" }
        #expect(warning?.message.contains("trixie-security") == true)
    }
}

@Suite struct PasswordTests {
    /// Values with a password in them that hold `s3cr3t` at its place.
    static let values = [
        "docker://user:s3cr3t@localhost:5000/x:1", "docker://s3cr3t@localhost:5000/x", "docker://user:s3@cr3t@h/x",
        "docker:user:s3cr3t@h/x", "user:s3cr3t@h/x:1", "https://user:s3cr3t@h/debian", "ftp://user:s3cr3t@h",
        "HTTP://user:s3cr3t@h/debian?x#y", "http://user:s3cr3t/with/slashes@h/d", "docker://user:s3cr3t s3cr3t@h/x",
        "docker://user:s3cr3t\"s3cr3t@h/x", "docker://user:s3cr3t@h/x@sha256:abc", "oci:user:s3cr3t@h",
        "distro:user:s3cr3t@h", "docker-daemon:user:s3cr3t@h:1",
    ]

    @Test(arguments: values, BuildSpec.keys)
    func noProblemShowsAPassword(value: String, key: String) {
        guard key != "components", key != "cloudConfig" else { return }
        let found = problem(key, value)
        #expect(found != nil, "\(key): \(value) is taken")
        let shown = "\(found?.message ?? "") \(found?.suggestion ?? "") \(found?.path ?? "")"
        #expect(!shown.contains("s3"), "\(shown)")
        if key == "base" || key == "mirror" { #expect(shown.contains("***")) }
    }

    @Test(arguments: values) func noKeyShowsAPassword(value: String) {
        let found = problem(value, "x")
        #expect(found?.code == "unknown-key")
        #expect(found?.path.contains("cr3t") == false && found?.message.contains("cr3t") == false)
    }

    @Test(
        arguments: [
            ("base: docker://u:pw@h/x # note", "base: docker://u:***@h/x # note"),
            (
                "{\"base\":\"docker://u:pw@h/x\",\"version\":\"v1\"}",
                "{\"base\":\"docker://u:***@h/x\",\"version\":\"v1\"}"
            ),
            ("a https://u:p@h b http://v:q@i", "a https://u:***@h b http://v:***@i"),
            ("docker://r/a:t@sha256:0a", "docker://r/a:t@sha256:0a"), ("mail me@example.org", "mail me@example.org"),
            ("at 12:30 http://m:80/debian", "at 12:30 http://m:80/debian"), ("nothing", "nothing"),
            ("docker://u:***@h", "docker://u:***@h"), ("x\ny u:pw@h\nz", "x\ny u:***@h\nz"),
        ]) func onlyThePasswordIsReplaced(text: String, masked: String)
    {
        #expect(Passwords.masked(text) == masked)
    }

    @Test func aColumnMovesWithTheText() {
        let (text, column) = Passwords.masked("base: docker://u:password@h/X", column: 29)
        #expect(text == "base: docker://u:***@h/X")
        #expect(column == 24)
        #expect(Passwords.masked("base: docker://u:password@h/X", column: 7).column == 7)
    }

    @Test func aStoredPasswordIsNotInTheTitle() throws {
        let spec = BuildSpec(
            base: .image(transport: "docker://", name: "u:pw@h/x"), version: try ImageVersion(parsing: "v1.0.0"))
        #expect(spec.title == "docker://u:***@h/x v1.0.0 amd64 generic")
    }

    @Test func aMistakeInTheSyntaxShowsNoPassword() {
        let text = "http://u:s3cr3t@h: 1\nhttp://u:s3cr3t@h: 2\n"
        do throws(SpecError) {
            _ = try BuildSpec.read(text: Array(text.utf8))
            Issue.record("taken")
        } catch {
            #expect(!error.description.contains("s3cr3t"), "\(error)")
        }
    }
}

@Suite struct VersionWordsTests {
    @Test(
        arguments: [
            ("2024-01-15", "v2024.1.15"), ("v2024-01-15", "v2024.1.15"), ("2024-01-15-rc1", "v2024.1.15-rc1"),
            ("V1.2.3", "v1.2.3"), ("v1.2.3 ", "v1.2.3"), (" v1.2.3", "v1.2.3"), ("v1.2.3\n", "v1.2.3"),
            ("latest", "v1.0.0"), ("Vx", "v1.0.0"),
        ]) func whatWasMeantIsSuggested(text: String, suggestion: String)
    {
        let found = problem("version", text)
        #expect(found?.code == "bad-version")
        #expect(found?.suggestion == suggestion)
    }

    @Test func aDateWithoutQuotesIsRefused() {
        do throws(SpecError) {
            _ = try BuildSpec.read(text: Array("base: distro:debian/bookworm\nversion: 2024-01-15\n".utf8))
            Issue.record("taken")
        } catch {
            #expect(error.problems.map(\.suggestion) == ["v2024.1.15"])
            #expect(error.problems.first?.line == 2)
        }
    }

    @Test(
        arguments: [
            ("v1.0.0", nil), ("v2024.1.15", nil), ("v1.2.3-rc.1+k3s1", nil), ("v0.0.0-0571889", nil),
            ("v2024.01.15", "v2024.1.15"), ("v01.2.3", "v1.2.3"), ("1.2.3", "v1.2.3"), ("v1", "v1.0.0"),
            ("2024-13-99", "v2024.0.0-13-99"),
        ] as [(String, String?)])
    func aVersionThatIsWrittenAnotherWayIsAWarning(text: String, written: String?) throws {
        let spec = BuildSpec(base: .distribution(.bookworm), version: try ImageVersion(parsing: text))
        let warning = Planner.plan(spec).warnings.first { $0.code == "version-rewritten" }
        #expect(warning?.message == written.map { "version: \(text) is written as \($0)." })
    }
}
