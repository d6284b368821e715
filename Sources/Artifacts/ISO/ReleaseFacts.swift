/// What an image says of itself in `/etc/kairos-release`.
///
/// The file is one `KEY="value"` a line, so that both a POSIX shell and GRUB can source it. Keys count with and without
/// the prefix `KAIROS_`; the one with the prefix wins. What is missing there is looked up in the *image's own*
/// `/etc/os-release`, never in that of the machine that builds.
package struct ReleaseFacts: Sendable, Equatable {
    private var values: [String: String]

    /// Reads the facts from the text of the two files; either may be empty.
    package init(kairosRelease: String, osRelease: String = "") {
        values = ReleaseFacts.parse(osRelease).merging(ReleaseFacts.parse(kairosRelease)) { _, kairos in kairos }
    }

    /// The value under `KAIROS_<key>`, else under `<key>`; an empty value counts as none.
    package subscript(key: String) -> String? {
        for candidate in ["KAIROS_" + key, key] {
            if let value = values[candidate], !value.isEmpty { return value }
        }
        return nil
    }

    /// The value under a key, or an error that names key and file.
    package func required(_ key: String) throws(ArtifactsError) -> String {
        guard let value = self[key] else {
            throw ArtifactsError(
                .noReleaseFacts, "/etc/kairos-release of the image does not say KAIROS_\(key)")
        }
        return value
    }

    private static func parse(_ text: String) -> [String: String] {
        var values: [String: String] = [:]
        for line in text.split(whereSeparator: \.isNewline) {
            guard let equals = line.firstIndex(of: "="), !line.hasPrefix("#") else { continue }
            let key = String(line[..<equals].filter { $0 != " " })
            values[key] = unquoted(line[line.index(after: equals)...])
        }
        return values
    }

    /// The value of a shell assignment: quotes off, backslashes resolved.
    private static func unquoted(_ raw: Substring) -> String {
        var value = ""
        var quote: Character?
        var escaped = false
        for character in raw {
            if escaped {
                value.append(character == "n" && quote == "\"" ? "\n" : character)
                escaped = false
            } else if character == "\\", quote != "'" {
                escaped = true
            } else if character == quote {
                quote = nil
            } else if quote == nil, character == "\"" || character == "'" {
                quote = character
            } else if quote == nil, character == " " || character == "\t" {
                break
            } else {
                value.append(character)
            }
        }
        return value
    }
}
