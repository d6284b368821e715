/// The host and port of a URL or of an image reference.
enum URLHost {
    /// Why a text is no `HOST[:PORT]`; nil when it is.
    static func fault(_ text: Substring) -> String? {
        if text.isEmpty { return "the host is missing" }
        var host = text
        var port: Substring?
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return "the [ of the host \"\(text)\" is never closed" }
            host = text[...end]
            let rest = text[text.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { return "behind the ] of a host stands :PORT or nothing" }
            port = rest.isEmpty ? nil : rest.dropFirst()
        } else if let colon = text.firstIndex(of: ":") {
            host = text[..<colon]
            port = text[text.index(after: colon)...]
        }
        if let port {
            guard !port.isEmpty, port.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(port),
                (1...65535).contains(number)
            else { return "the port \"\(port)\" must be 1 to 65535" }
        }
        let isGood = host.hasPrefix("[") ? isAddress(host.dropFirst().dropLast()) : isName(host)
        return isGood ? nil : "\"\(host)\" is no host"
    }

    /// A name of RFC 1123 or an IPv4 address; underscores are common in networks of containers.
    private static func isName(_ host: Substring) -> Bool {
        host.utf8.count <= 253
            && host.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
                (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
                    && label.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
            }
    }

    /// The form of an IPv6 address; what the digits mean the network judges.
    private static func isAddress(_ address: Substring) -> Bool {
        let groups = address.split(separator: ":", omittingEmptySubsequences: false)
        let isFull = address.contains("::") || groups.count == 8 || (groups.count == 7 && address.contains("."))
        return (3...9).contains(groups.count) && isFull
            && address.utf8.allSatisfy { byte in
                (0x30...0x3A).contains(byte) || (0x61...0x66).contains(byte) || (0x41...0x46).contains(byte)
                    || byte == 0x2E
            }
    }
}
