import Glibc

extension ToolEnvironment {
    /// A variable that tools cannot use as it is.
    package struct Problem: Sendable, Equatable {
        /// The name of the variable, as in `SSL_CERT_FILE`.
        package let name: String
        /// Its value as it may be shown, and what is wrong with it.
        package let why: String
    }

    /// What of the environment tools cannot use, in the order in which it is listed. Blocks for a moment: it looks at files.
    package var problems: [Problem] {
        let wrong = proxies.keys.sorted().filter { $0 != "no_proxy" && !Self.isProxy(proxies[$0] ?? "") }
        let proxyProblems = wrong.map { name in
            Problem(name: name, why: "\(masked(proxies[name] ?? "")) is no proxy; give http://HOST:PORT")
        }
        return proxyProblems + certificateProblems + authFileProblems
    }

    /// The schemes that apt, curl and skopeo know.
    private static let proxySchemes = ["http", "https", "socks5", "socks5h"]

    private static func isProxy(_ url: String) -> Bool {
        guard let separator = url.firstRange(of: "://") else { return false }
        let authority = url[separator.upperBound...].prefix { $0 != "/" }
        let host = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
        return proxySchemes.contains(url[..<separator.lowerBound].lowercased()) && !host.isEmpty && !host.hasPrefix(":")
    }

    private var certificateProblems: [Problem] {
        var problems: [Problem] = []
        if let file = certificate("SSL_CERT_FILE"), let why = Self.fault(of: file, S_IFREG) {
            problems.append(Problem(name: "SSL_CERT_FILE", why: why))
        }
        // Several directories are one word, as in PATH.
        for directory in (certificate("SSL_CERT_DIR") ?? "").split(separator: ":").map(String.init) {
            if let why = Self.fault(of: directory, S_IFDIR) { problems.append(Problem(name: "SSL_CERT_DIR", why: why)) }
        }
        return problems
    }

    private var authFileProblems: [Problem] {
        guard let file = authFile, let why = Self.fault(of: file, S_IFREG) else { return [] }
        return [Problem(name: "REGISTRY_AUTH_FILE", why: why)]
    }

    /// What is wrong with a path that should be a readable file or directory; nil when nothing is.
    private static func fault(of path: String, _ kind: mode_t) -> String? {
        var status = stat()
        guard stat(path, &status) == 0 else { return "\(path): \(String(cString: strerror(errno)))" }
        guard status.st_mode & S_IFMT == kind else {
            return "\(path) is no \(kind == S_IFDIR ? "directory" : "plain file")"
        }
        return access(path, R_OK) == 0 ? nil : "\(path): \(String(cString: strerror(errno)))"
    }
}
