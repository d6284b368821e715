import FactoryProtocol

/// What apt and skopeo say about a failure, and whose fault that makes it. They have no other way to tell.
struct ToolWords: Sendable {
    typealias Meaning = (phrases: [String], code: ImageError.Code, cause: Failure.Cause)

    /// The first phrase found in any line counts, in this order: a full disk makes downloads fail too.
    static let apt: [Meaning] = [
        (["No space left on device", "You don't have enough free space"], .diskFull, .worker),
        (["NO_PUBKEY", "BADSIG", "EXPKEYSIG", "is not signed"], .archiveUntrusted, .spec),
        // Of a server that is there and cannot answer now, apt says as well that it "does not have a Release file".
        (ServerErrors.phrases, .mirrorUnreachable, .infrastructure),
        (["does not have a Release file", "404  Not Found", "404 Not Found"], .suiteNotFound, .spec),
        (
            [
                "Could not resolve", "Temporary failure resolving", "Could not connect", "Unable to connect",
                "onnection timed out", "onnection failed", "onnection refused", "Failed to fetch", "Unable to fetch",
                "Hash Sum mismatch", "unexpected size", "Network is unreachable", "Some index files failed",
                "is not valid yet", "is expired", "Cannot initiate the connection", "Error reading from server",
            ], .mirrorUnreachable, .infrastructure
        ),
    ]

    /// What skopeo says of an image that comes over a network (`isLocal` false), or from this machine.
    static func skopeo(isLocal: Bool) -> [Meaning] {
        let full: Meaning = (["no space left on device"], .diskFull, .worker)
        let engine: Meaning = (
            ["Cannot connect to the Docker daemon", "docker daemon is not running"], .toolMissing, .worker
        )
        return [full, engine] + (isLocal ? [] : [network]) + [architecture, format, untrusted, absent]
            // A network that breaks in the middle and a file that ends too early sound alike.
            + (isLocal ? [damaged] : [])
    }

    private static let network: Meaning = (
        [
            "dial tcp", "i/o timeout", "connection refused", "no such host", "TLS handshake timeout",
            "unexpected EOF", ": EOF", "network is unreachable", "no route to host", "Internal Server Error",
            "Bad Gateway", "Service Unavailable", "Gateway Time", "HTTP status: 5", "toomanyrequests",
            "Too Many Requests", "connection reset", "server misbehaving", "context deadline exceeded",
            "Client.Timeout", "Temporary failure in name resolution", "certificate has expired or is not yet valid",
        ], .registryUnreachable, .infrastructure
    )

    private static let architecture: Meaning = (
        ["no image found in manifest list", "no image found in image index"], .wrongArchitecture, .spec
    )

    private static let format: Meaning = (
        [
            "nsupported MIME type", "nsupported media type", "nsupported manifest", "nsupported docker v2s2 media type",
            "nsupported schema", "nsupported compression", "media type is not supported", "unknown media type",
            "arsing manifest", "Unexpected tar manifest", "invalid tar header", "invalid header", "invalid character",
            "unexpected end of JSON input", "invalid checksum", "does not match expected", "igest did not match",
            "json: cannot unmarshal", "missing in the tarball",
        ], .badImage, .spec
    )

    /// A file of this machine that is no image: another archive, a directory, a cut one.
    private static let damaged: Meaning = (
        [
            "unexpected EOF", ": EOF", "file does not exist", "not a regular file", "is a directory", "not a directory",
        ], .badImage, .spec
    )

    /// A registry that does not speak TLS, or whose certificate nobody here vouches for, stays so.
    private static let untrusted: Meaning = (
        ["x509: ", "server gave HTTP response to HTTPS client"], .archiveUntrusted, .spec
    )

    private static let absent: Meaning = (
        [
            "manifest unknown", "name unknown", "unauthorized", "authentication required", "denied", "Forbidden",
            "no such file or directory", "No such image", "does not resolve to an image ID", "no descriptor found",
            "identifier is not an image", "invalid reference", "not found", "Not Found", "Invalid image name",
            "more than one image", "invalid username/password",
        ], .imageNotFound, .spec
    )

    /// The failure of a tool of this worker that said these lines.
    ///
    /// Blame goes to who brought the tool: without a known phrase the failure is `toolFailed` of the worker, because
    /// another one may have another version of it. Programs of the base are the same everywhere.
    static func error(_ lines: [String], _ meanings: [Meaning], doing what: String) -> ImageError {
        // An error line says it whole; the lines before it only tell what was tried.
        let ordered = lines.filter { $0.hasPrefix("E: ") } + lines
        for meaning in meanings {
            guard let line = ordered.first(where: { line in meaning.phrases.contains(where: line.contains) }) else {
                continue
            }
            if meaning.code == .suiteNotFound, line.contains("/pool/") {
                // The lists name a file that is gone: the mirror is in the middle of its update.
                return ImageError(.mirrorUnreachable, .infrastructure, "\(what): \(bare(line))", excerpt: lines)
            }
            return ImageError(meaning.code, meaning.cause, "\(what): \(bare(line))", excerpt: lines)
        }
        let last = lines.last { $0.hasPrefix("E: ") } ?? lines.last
        return ImageError(
            .toolFailed, .worker, "\(what): \(last.map(bare) ?? "the tool said nothing")", excerpt: lines)
    }

    private static func bare(_ line: String) -> String {
        // skopeo logs `time="…" level=fatal msg="…"`.
        if let start = line.firstRange(of: "msg=\"")?.upperBound, line.hasSuffix("\"") {
            var text = ""
            var escaped = false
            for character in line[start...].dropLast() {
                if !escaped && character == "\\" {
                    escaped = true
                } else {
                    text.append(character)
                    escaped = false
                }
            }
            return text
        }
        for prefix in ["E: ", "W: ", "Err:"] where line.hasPrefix(prefix) {
            return String(line.dropFirst(prefix.count))
        }
        return String(line.drop { $0 == " " })
    }
}
