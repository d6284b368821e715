/// The grammar of names of images in registries (github.com/distribution/reference), as far as a name can be judged
/// without asking anybody.
enum ImageReferenceGrammar {
    /// Why a text is no `[HOST[:PORT]/]NAME[:TAG][@DIGEST]`, with the corrected text where there is one; nil when it is.
    static func fault(_ text: String) -> (why: String, corrected: String?)? {
        var rest = text[...]
        if let at = rest.firstIndex(of: "@") {
            if let why = digestFault(rest[rest.index(after: at)...]) { return (why, nil) }
            rest = rest[..<at]
        }
        var path = rest
        if let slash = rest.firstIndex(of: "/"), isHost(rest[..<slash]) {
            if let why = URLHost.fault(rest[..<slash]) { return (why, nil) }
            path = rest[rest.index(after: slash)...]
        }
        var tag: Substring?
        if let colon = path.lastIndex(of: ":") {
            tag = path[path.index(after: colon)...]
            path = path[..<colon]
        }
        if let tag, !isTag(tag) {
            return (
                "the tag \"\(tag)\" may hold letters, digits, _ . - only, at most 128, and begins with no . or -", nil
            )
        }
        return pathFault(path).map { why in
            let lower = text.replacing(path, with: path.lowercased(), maxReplacements: 1)
            return (why, pathFault(path.lowercased()[...]) == nil && lower != text ? lower : nil)
        }
    }

    /// Whether a name says which image of its repository is meant.
    static func hasTagOrDigest(_ text: String) -> Bool {
        text.contains("@") || (text.split(separator: "/").last?.contains(":") ?? false)
    }

    /// The first part is a host when it cannot be a part of a path.
    private static func isHost(_ part: Substring) -> Bool {
        part == "localhost" || part.contains { $0 == "." || $0 == ":" } || part.contains(where: \.isUppercase)
    }

    private static func pathFault(_ path: Substring) -> String? {
        guard path.utf8.count <= 255 else { return "the name is longer than 255 characters" }
        for part in path.split(separator: "/", omittingEmptySubsequences: false) {
            if part.isEmpty { return "a part of the name is empty" }
            if part.contains(where: \.isUppercase) { return "the name \"\(path)\" has capital letters" }
            guard isComponent(part) else {
                return "\"\(part)\" is no part of a name: letters and digits, with one of . _ __ - between them"
            }
        }
        let isIdentifier = path.utf8.count == 64 && path.allSatisfy { $0.isHexDigit && !$0.isUppercase }
        return isIdentifier ? "64 hexadecimal digits are an id and no name" : nil
    }

    private static func isComponent(_ part: Substring) -> Bool {
        func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) }
        guard let first = part.utf8.first, let last = part.utf8.last, isLetter(first), isLetter(last) else {
            return false
        }
        return part.utf8.split(whereSeparator: isLetter).allSatisfy { separator in
            let text = String(decoding: separator, as: UTF8.self)
            return [".", "_", "__"].contains(text) || text.allSatisfy { $0 == "-" }
        }
    }

    private static func isTag(_ tag: Substring) -> Bool {
        guard let first = tag.first, tag.utf8.count <= 128, first != ".", first != "-" else { return false }
        return tag.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "_.-".contains($0)) }
    }

    private static func digestFault(_ digest: Substring) -> String? {
        let parts = digest.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let lengths = ["sha256": 64, "sha384": 96, "sha512": 128]
        guard parts.count == 2, let length = lengths[String(parts[0])] else {
            return "the digest \"\(digest)\" must be sha256: and 64 hexadecimal digits"
        }
        let isHex = parts[1].allSatisfy { $0.isASCII && $0.isHexDigit && !$0.isUppercase }
        return parts[1].utf8.count == length && isHex
            ? nil : "the digest \"\(digest)\" must have \(length) hexadecimal digits in lower case behind \(parts[0]):"
    }
}
