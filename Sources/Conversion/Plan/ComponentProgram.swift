package import FactoryProtocol

/// A program of Kairos, as a file of a directory that the user names.
package struct ComponentProgram: Encodable, Sendable, Equatable {
    /// Its name: the file's name in the directory.
    package var name: String
    /// Where it goes in the tree, mode 0755.
    package var path: String
    /// Whether the image does not work without it.
    package var isRequired: Bool
    /// SHA-256 of the file; nil as long as nobody has looked.
    package var digest: Digest?

    /// The programs of an image without a provider, by name.
    package static let all: [ComponentProgram] = [
        ComponentProgram(name: "immucore", path: "/usr/bin/immucore", isRequired: true),
        ComponentProgram(name: "kairos-agent", path: "/usr/bin/kairos-agent", isRequired: true),
        ComponentProgram(
            name: "kairos-installer", path: "/system/installer/kairos-installer", isRequired: false),
        ComponentProgram(
            name: "kcrypt-discovery-challenger", path: "/system/discovery/kcrypt-discovery-challenger",
            isRequired: true),
    ]
}
