import FactoryProtocol
import Glibc
import IO
import Processes
import TestSupport
import Testing

@testable import FactoryExecution

/// Which variables of a worker's environment reach which tool, and what of them is shown.
struct ToolEnvironmentTests {
    private static let names = ["http_proxy", "https_proxy", "ftp_proxy", "all_proxy", "no_proxy"]

    @Test("A proxy counts in both spellings, and tools get both", arguments: names)
    func spellings(name: String) {
        for given in [name, name.uppercased()] {
            let variables = ToolEnvironment([given: "value"]).network
            #expect(variables[name] == "value")
            #expect(variables[name.uppercased()] == "value")
        }
    }

    @Test("Of two spellings the lower-case one wins, also when it is empty", arguments: names)
    func precedence(name: String) {
        let upper = name.uppercased()
        #expect(ToolEnvironment([name: "a", upper: "b"]).network[upper] == "a")
        #expect(ToolEnvironment([name: "", upper: "b"]).network == [:])
    }

    @Test("all_proxy stands in for what is not set, since apt and skopeo do not know it")
    func allProxy() {
        let proxies = ToolEnvironment(["ALL_PROXY": "http://all", "https_proxy": "http://tls"]).proxies
        #expect(proxies == ["all_proxy": "http://all", "http_proxy": "http://all", "https_proxy": "http://tls"])
    }

    @Test("Credentials reach tools of registries alone; what else the worker has reaches nobody")
    func credentials() {
        let all = [
            "http_proxy": "http://p:1", "REGISTRY_AUTH_FILE": "/a", "DOCKER_CONFIG": "/d", "HOME": "/h",
            "PATH": "/helpers:/bin", "SSL_CERT_FILE": "/c", "AWS_SECRET_ACCESS_KEY": "s", "LD_PRELOAD": "/x",
        ]
        let environment = ToolEnvironment(all)
        #expect(environment.network == ["http_proxy": "http://p:1", "HTTP_PROXY": "http://p:1"])
        let registry = environment.registry
        for name in ["REGISTRY_AUTH_FILE", "DOCKER_CONFIG", "HOME", "PATH", "SSL_CERT_FILE", "http_proxy"] {
            #expect(registry[name] == all[name], "\(name)")
        }
        #expect(registry["AWS_SECRET_ACCESS_KEY"] == nil && registry["LD_PRELOAD"] == nil)
    }

    @Test("A job hands on what its agent handed to it")
    func twice() {
        let environment = ToolEnvironment([
            "HTTP_PROXY": "http://p:1", "ALL_PROXY": "http://a", "NO_PROXY": "x", "HOME": "/h", "SSL_CERT_DIR": "/c",
        ])
        #expect(ToolEnvironment(environment.job) == environment)
    }

    private static let secretive = ToolEnvironment([
        "http_proxy": "http://user:p%40ss@proxy.example:3128", "https_proxy": "http://token@proxy.example:3128/",
        "no_proxy": "a@b",
    ])

    @Test(
        "What a proxy's URL keeps secret is masked wherever a tool repeats it",
        arguments: [
            ("plain words", "plain words"), ("http://proxy.example:3128", "http://proxy.example:3128"),
            (
                "invalid proxy address \"http://user:p%40ss@proxy.example:3128\"",
                "invalid proxy address \"http://***@proxy.example:3128\""
            ),
            ("password p@ss refused", "password *** refused"), ("token@proxy.example", "***@proxy.example"),
        ])
    func masking(text: String, shown: String) {
        #expect(Self.secretive.masked(text) == shown)
        #expect(Self.secretive.masked(.log(LogLine(text: text))) == .log(LogLine(text: shown)))
        let failure = Failure(cause: .spec, code: "c", message: text, excerpt: [text])
        #expect(Self.secretive.masked(failure) == Failure(cause: .spec, code: "c", message: shown, excerpt: [shown]))
    }

    /// Credentials in a URL, and the forms in which a tool may print them.
    struct Leak: Sendable {
        let credentials: String
        let forms: [String]
    }

    @Test(
        "Credentials of a proxy are masked in every form in which a tool prints them",
        arguments: [
            // base64 of user:p@ss, as curl -v and apt's debug log print it.
            Leak(
                credentials: "user:p%40ss",
                forms: ["user:p%40ss", "user:p@ss", "p@ss", "p%40ss", "dXNlcjpwQHNz", "user%3Ap%40ss"]),
            // With padding, without, and in the alphabet of URLs; digits of percent-encoding in either case.
            Leak(
                credentials: "jo:%C3%BF%3E%3F%2f%7e1",
                forms: [
                    "jo:%C3%BF%3E%3F%2f%7e1", "jo:ÿ>?/~1", "ÿ>?/~1", "%C3%BF%3E%3F%2F~1", "%c3%bf%3e%3f%2f~1",
                    "am86w78+Py9+MQ==", "am86w78+Py9+MQ", "am86w78-Py9-MQ==", "am86w78-Py9-MQ",
                ]),
            // Written with characters that a URL should encode.
            Leak(
                credentials: "user:a$b c",
                forms: ["user:a$b c", "user:a$b%20c", "a$b%20c", "a%24b%20c", "dXNlcjphJGIgYw=="]),
            // A user alone: the header has an empty password.
            Leak(credentials: "token123", forms: ["token123@", "dG9rZW4xMjM6", "dG9rZW4xMjM="]),
            // A short password only beside its user, and in base64.
            Leak(credentials: "root:x", forms: ["root:x", "cm9vdDp4", "root%3Ax"]),
            Leak(credentials: "a:b:c", forms: ["a:b:c", "a:b%3Ac", "YTpiOmM="]),
            Leak(credentials: "u:", forms: ["u:@", "dTo="]),
        ])
    func forms(leak: Leak) {
        let environment = ToolEnvironment(["https_proxy": "http://\(leak.credentials)@proxy.example:3128"])
        for form in leak.forms {
            for line in ["\(form)", "> Proxy-Authorization: Basic \(form)", "x=\"\(form)\", y"] {
                let shown = environment.masked(line)
                #expect(!shown.contains(form) && shown.contains("***"), "\(form): \(shown)")
                #expect(environment.masked(.log(LogLine(text: line))) == .log(LogLine(text: shown)))
                let failure = Failure(cause: .worker, code: "c", message: line, excerpt: [line])
                #expect(environment.masked(failure).message == shown && environment.masked(failure).excerpt == [shown])
            }
        }
        let harmless = "Installing libksba8 (amd64) from proxy.example"
        #expect(environment.masked(harmless) == harmless)
    }

    @Test(
        "What curl -v prints of a proxy's credentials is masked",
        .enabled(if: TinyProxy.isThere && access("/usr/bin/curl", X_OK) == 0, "needs tinyproxy and curl"))
    func curl() async throws {
        try await TinyProxy.with(try TemporaryFolder()) { proxy in
            let url = proxy.url.replacing("://", with: "://user:p%40ss@")
            var lines: [String] = []
            _ = try await Command(
                "/usr/bin/curl", ["--verbose", "--silent", "--proxy", url, "http://\(TinyProxy.host)/"]
            ).run(until: .in(.seconds(60))) { lines.append($0.text) }
            let secret = "dXNlcjpwQHNz"
            #expect(lines.contains { $0.contains(secret) }, "curl prints it: \(lines)")
            let environment = ToolEnvironment(["http_proxy": url])
            #expect(!lines.map { environment.masked($0) }.contains { $0.contains(secret) })
        }
    }

    @Test("The proxies are listed without their secrets")
    func listing() {
        #expect(
            Self.secretive.shownProxies.map { "\($0.name)=\($0.value)" } == [
                "http_proxy=http://***@proxy.example:3128", "https_proxy=http://***@proxy.example:3128/",
                "no_proxy=a@b",
            ])
    }

    @Test("apt gets the authorities as one file, those of directories beside the usual ones")
    func bundle() throws {
        let folder = try TemporaryFolder()
        try Directory.make(folder.file("d"))
        for (name, text) in [("one.pem", "ONE"), ("d/two.crt", "TWO"), ("d/notes.txt", "NO")] {
            try AtomicFile.write(Array(text.utf8), to: folder.file(name))
        }
        let path = folder.file("bundle")
        #expect(try ToolEnvironment([:]).certificateBundle(at: path) == nil)
        let both = ToolEnvironment(["SSL_CERT_FILE": folder.file("one.pem"), "SSL_CERT_DIR": folder.file("d")])
        #expect(try both.certificateBundle(at: path) == path)
        #expect(try FileIO.readText(path, limit: 100) == "ONE\nTWO\n")
        for name in ["SSL_CERT_FILE", "SSL_CERT_DIR"] {
            let error = #expect(throws: IOError.self) {
                try ToolEnvironment([name: folder.file("none")]).certificateBundle(at: path)
            }
            #expect(error?.message.contains("\(name) of the worker's environment") == true)
        }
    }

    @Test(
        "What tools cannot use of the environment is a problem, and nothing else is",
        arguments: [
            (["http_proxy": "nonsense"], ["http_proxy"]), (["https_proxy": "ftp://x"], ["https_proxy"]),
            (["HTTP_PROXY": "http://"], ["http_proxy"]), (["http_proxy": "http://:3128"], ["http_proxy"]),
            (["all_proxy": "nonsense"], ["all_proxy", "http_proxy", "https_proxy"]),
            (["http_proxy": "http://user:s3cr3t@p:3128/", "no_proxy": "localhost,.x"], []),
            (["https_proxy": "socks5h://p:1080"], []), (["http_proxy": "http://[::1]:3128"], []),
            (["http_proxy": ""], []), (["SSL_CERT_FILE": "/nonexistent"], ["SSL_CERT_FILE"]),
            (["SSL_CERT_FILE": "/etc"], ["SSL_CERT_FILE"]), (["SSL_CERT_FILE": "/etc/passwd"], []),
            (["SSL_CERT_DIR": "/etc:/nonexistent"], ["SSL_CERT_DIR"]),
            (["SSL_CERT_DIR": "/etc/passwd"], ["SSL_CERT_DIR"]), (["SSL_CERT_DIR": "/etc:/usr"], []),
            (["REGISTRY_AUTH_FILE": "/etc"], ["REGISTRY_AUTH_FILE"]),
            (["REGISTRY_AUTH_FILE": "/nonexistent"], ["REGISTRY_AUTH_FILE"]),
            (["REGISTRY_AUTH_FILE": "/etc/passwd"], []),
        ] as [([String: String], [String])])
    func problems(variables: [String: String], names: [String]) {
        #expect(ToolEnvironment(variables).problems.map(\.name) == names)
    }

    @Test("A problem shows no secret")
    func secretProblem() {
        let problems = ToolEnvironment(["http_proxy": "ftp://user:s3cr3t@p"]).problems
        #expect(problems.count == 1 && !problems[0].why.contains("s3cr3t") && problems[0].why.contains("ftp://"))
    }
}
