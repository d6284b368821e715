package import FactoryProtocol

/// The `.sha256` beside an artifact, as GNU `sha256sum -c` reads it in the directory that holds both.
package enum ChecksumFile {
    /// Hexadecimal digits, two blanks (text mode), the file's name without a folder.
    package static func text(_ digest: Digest, name: String) -> String {
        "\(digest.hex)  \(name)\n"
    }

    package static func name(for artifact: String) -> String {
        artifact + ".sha256"
    }
}
