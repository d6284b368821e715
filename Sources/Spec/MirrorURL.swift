/// The address of a package mirror, as it may stand in a description.
enum MirrorURL {
    /// The address with its scheme in lower case, as apt wants it.
    ///
    /// - Throws: `bad-mirror`.
    static func parse(_ text: String) throws(SpecValueError) -> String {
        func refused(_ why: String, suggestion: String = "https://mirror.example.org/debian") -> SpecValueError {
            SpecValueError(
                "bad-mirror", "\"\(Passwords.masked(value: text))\" is no mirror: \(why)", suggestion: suggestion)
        }
        guard let scheme = ["http://", "https://"].first(where: text.lowercased().hasPrefix) else {
            throw refused("it must be an http:// or https:// URL")
        }
        guard !text.contains("@") else {
            throw refused("it must be a URL without a password; everybody on the farm can read a description")
        }
        guard text.utf8.count <= 512 else { throw refused("it is longer than 512 bytes") }
        let rest = text.dropFirst(scheme.count)
        if let mark = rest.first(where: { $0 == "?" || $0 == "#" }) {
            throw refused(
                "a mirror has no \(mark == "?" ? "query (?)" : "fragment (#)")",
                suggestion: scheme + rest.prefix { $0 != mark })
        }
        let host = rest.prefix { $0 != "/" }
        if let why = URLHost.fault(host) { throw refused(why) }
        let path = rest[host.endIndex...]
        let isPath = path.utf8.allSatisfy { byte in
            switch byte {
            case 0x61...0x7A, 0x41...0x5A, 0x30...0x39: true
            default: "/-._~!$&'()*+,;=:%".utf8.contains(byte)
            }
        }
        guard isPath else { throw refused("its path holds characters that a URL writes as %XX") }
        return scheme + rest
    }
}
