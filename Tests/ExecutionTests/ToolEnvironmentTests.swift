import FactoryProtocol
import Glibc
import IO
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
        #expect(throws: IOError.self) {
            try ToolEnvironment(["SSL_CERT_FILE": folder.file("none")]).certificateBundle(at: path)
        }
    }
}
