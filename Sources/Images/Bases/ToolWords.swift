import FactoryProtocol

/// What apt and skopeo say about a failure, and whose fault that makes it. They have no other way to tell.
struct ToolWords: Sendable {
    typealias Meaning = (phrases: [String], code: ImageError.Code, cause: Failure.Cause)

    /// The first phrase found in any line counts, in this order: a full disk makes downloads fail too.
    static let apt: [Meaning] = [
        (["No space left on device", "You don't have enough free space"], .diskFull, .worker),
        (["NO_PUBKEY", "BADSIG", "EXPKEYSIG", "is not signed"], .archiveUntrusted, .spec),
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

    static let skopeo: [Meaning] = [
        (["no space left on device"], .diskFull, .worker),
        (
            [
                "dial tcp", "i/o timeout", "connection refused", "no such host", "TLS handshake", "unexpected EOF",
                "network is unreachable", "Bad Gateway", "Service Unavailable", "toomanyrequests", "connection reset",
                "server misbehaving",
            ], .registryUnreachable, .infrastructure
        ),
        (["no image found in manifest list", "no image found in image index"], .wrongArchitecture, .spec),
        (
            [
                "manifest unknown", "name unknown", "unauthorized", "denied", "no such file or directory",
                "No such image", "does not resolve to an image ID", "no descriptor found", "invalid reference",
                "not found", "Invalid image name",
            ], .imageNotFound, .spec
        ),
    ]

    /// The failure of a tool that said these lines; without a known phrase it is `toolFailed` of the worker.
    static func error(_ lines: [String], _ meanings: [Meaning], doing what: String) -> ImageError {
        // An error line says it whole; the lines before it only tell what was tried.
        let ordered = lines.filter { $0.hasPrefix("E: ") } + lines
        for meaning in meanings {
            guard let line = ordered.first(where: { line in meaning.phrases.contains(where: line.contains) }) else {
                continue
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
