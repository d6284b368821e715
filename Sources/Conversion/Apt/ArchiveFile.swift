import FactoryProtocol

/// A package file that a transaction needs, as `apt-get --print-uris` lists it.
struct ArchiveFile: Sendable, Equatable {
    /// Where it comes from.
    let uri: String
    /// The name that apt keeps it under: `NAME_VERSION_ARCH.deb`, with `%3a` for the colon of an epoch.
    let name: String
    /// Bytes.
    let size: Int64
    /// SHA-256 by the archive's signed index.
    let digest: Digest

    /// Name and version, for people.
    var title: String {
        let parts = name.replacing("%3a", with: ":").split(separator: "_")
        return parts.prefix(2).joined(separator: " ")
    }

    /// Reads a line of the form `'URI' NAME SIZE SHA256:HEX`; nil for lines that are none (apt prints notes between
    /// them).
    ///
    /// The name is used as a file name, so one with a slash, or that begins with a dot, is none either.
    init?(_ line: String) {
        let fields = line.split(separator: " ")
        guard fields.count == 4, fields[0].count > 2, fields[0].first == "'", fields[0].last == "'",
            let size = Int64(fields[2]), (0...1 << 40).contains(size), fields[3].hasPrefix("SHA256:"),
            let digest = Digest(sha256: String(fields[3].dropFirst(7))), fields[1].hasSuffix(".deb"),
            !fields[1].contains("/"), !fields[1].hasPrefix(".")
        else { return nil }
        uri = String(fields[0].dropFirst().dropLast())
        name = String(fields[1])
        self.size = size
        self.digest = digest
    }

    /// Reads the whole output, sorted by name.
    ///
    /// - Throws: `tool-output` when a line names a file and is not understood: it would be missing in the layer's key.
    static func list(_ output: String) throws(ConversionError) -> [ArchiveFile] {
        var files: [ArchiveFile] = []
        for line in output.split(separator: "\n") where line.hasPrefix("'") {
            guard let file = ArchiveFile(String(line)) else {
                throw ConversionError(
                    .unexpectedOutput, "apt-get --print-uris printed a line that is not understood: \(line)")
            }
            files.append(file)
        }
        return files.sorted { $0.name < $1.name }
    }
}
