import Glibc
package import IO
import Processes

/// What of a worker's environment its jobs get, and in a job which tool gets what: decided here and nowhere else.
///
/// | what | variables | who gets it |
/// |---|---|---|
/// | proxies | `http_proxy`, `https_proxy`, `ftp_proxy`, `all_proxy`, `no_proxy` | every tool that uses the network |
/// | authorities | `SSL_CERT_FILE`, `SSL_CERT_DIR` | skopeo; apt as a file (``certificateBundle(at:)``) |
/// | registries | `REGISTRY_AUTH_FILE`, `DOCKER_CONFIG`, `HOME`, `PATH` and others | skopeo and the credential helpers it starts |
///
/// A proxy counts in both spellings. When both are set the lower-case one wins, also when it is empty, which means no
/// proxy. `all_proxy` stands in for `http_proxy` and `https_proxy` where those are not set: apt and skopeo do not know it.
package struct ToolEnvironment: Sendable, Equatable {
    private static let proxyNames = ["http_proxy", "https_proxy", "ftp_proxy", "all_proxy", "no_proxy"]
    private static let certificateNames = ["SSL_CERT_FILE", "SSL_CERT_DIR"]
    /// containers-auth.json(5), containers-storage.conf(5); helpers are found by PATH.
    private static let registryNames = [
        "REGISTRY_AUTH_FILE", "DOCKER_CONFIG", "HOME", "XDG_RUNTIME_DIR", "PATH", "CONTAINERS_STORAGE_CONF",
    ]

    /// By their lower-case names; none is empty.
    package let proxies: [String: String]
    /// What of the proxies is shown to nobody. Kept, because every line that a tool prints is searched for it.
    let secrets: [String]
    private let certificates: [String: String]
    private let registries: [String: String]

    /// Takes from an environment what jobs may know.
    package init(_ environment: [String: String]) {
        var proxies: [String: String] = [:]
        for name in Self.proxyNames { proxies[name] = environment[name] ?? environment[name.uppercased()] }
        if let all = proxies["all_proxy"] {
            for name in ["http_proxy", "https_proxy"] where proxies[name] == nil { proxies[name] = all }
        }
        self.proxies = proxies.filter { !$0.value.isEmpty }
        secrets = Self.secrets(of: self.proxies)
        func taken(_ names: [String]) -> [String: String] {
            environment.filter { names.contains($0.key) && !$0.value.isEmpty }
        }
        certificates = taken(Self.certificateNames)
        registries = taken(Self.registryNames)
    }

    /// That of this process.
    package static let current: ToolEnvironment = {
        var variables: [String: String] = [:]
        for name in proxyNames + proxyNames.map({ $0.uppercased() }) + certificateNames + registryNames {
            if let value = getenv(name) { variables[name] = String(cString: value) }
        }
        return ToolEnvironment(variables)
    }()

    /// For the process of a job, which hands it on by the same rules.
    package var job: [String: String] { network.merging(certificates) { $1 }.merging(registries) { $1 } }

    /// For tools that use the network: the proxies, in both spellings.
    package var network: [String: String] {
        var variables = proxies
        for (name, value) in proxies { variables[name.uppercased()] = value }
        return variables
    }

    /// For skopeo, and for nobody else: credentials are among it.
    package var registry: [String: String] { job }

    /// Where credentials of registries are read from, where that was said.
    package var authFile: String? { registries["REGISTRY_AUTH_FILE"] }

    /// A variable that says where authorities are; nil when it is not set.
    func certificate(_ name: String) -> String? { certificates[name] }

    /// Where the authorities come from, as it was said.
    package var certificateSources: [String] {
        Self.certificateNames.compactMap { name in certificates[name].map { "\(name)=\($0)" } }
    }

    // MARK: Authorities for apt

    /// Every Debian has it, when it has any.
    private static let systemBundle = "/etc/ssl/certs/ca-certificates.crt"
    /// The usual bundle has 220 KB.
    private static let largestBundle = 16 << 20

    /// Writes the authorities into one file, for apt, which reads neither variable and in a tree sees no file of ours.
    ///
    /// - Returns: `path`; nil when nothing was said of authorities, and the usual ones count.
    package func certificateBundle(at path: String) throws(IOError) -> String? {
        if certificates.isEmpty { return nil }
        var bytes: [UInt8] = []
        func add(_ file: String, of name: String? = nil) throws(IOError) {
            do throws(IOError) {
                bytes += try FileIO.read(file, limit: Self.largestBundle)
            } catch {
                throw name.map { Self.failure(of: $0, error) } ?? error
            }
            bytes.append(UInt8(ascii: "\n"))
        }
        let file = certificates["SSL_CERT_FILE"]
        if let file {
            try add(file, of: "SSL_CERT_FILE")
        } else if try FileIO.status(Self.systemBundle) != nil {
            try add(Self.systemBundle)
        }
        // Several directories are one word, as in PATH.
        for directory in (certificates["SSL_CERT_DIR"] ?? "").split(separator: ":").map(String.init) {
            let entries: [Directory.Entry]
            do throws(IOError) {
                entries = try Directory.entries(directory)
            } catch {
                throw Self.failure(of: "SSL_CERT_DIR", error)
            }
            for entry in entries
            where entry.name.hasSuffix(".pem") || entry.name.hasSuffix(".crt") {
                try add("\(directory)/\(entry.name)", of: "SSL_CERT_DIR")
            }
        }
        try AtomicFile.write(bytes, to: path)
        return path
    }

    /// The failure of a file that a variable of the worker's environment names.
    private static func failure(of name: String, _ error: IOError) -> IOError {
        IOError(
            error.code, "\(name) of the worker's environment: \(error.message); correct it there and restart the agent")
    }

    /// apt.conf(5) on its command line for authorities in that file.
    package static func aptOptions(certificates file: String?) -> [String] {
        file.map { ["-o", "Acquire::https::CaInfo=\($0)"] } ?? []
    }
}
