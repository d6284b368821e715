import Spelling

/// The root filesystem that a build starts from.
package enum BaseReference: Sendable, Hashable, CustomStringConvertible {
    /// A distribution, made from its own archive: `distro:debian/bookworm`.
    case distribution(Distribution)
    /// An image, by a reference that skopeo understands (containers-transports(5)): `docker://debian:12`, `oci:/path`.
    case image(transport: String, name: String)

    /// A suite of a distribution that can be made from its archive.
    package enum Distribution: String, Sendable, CaseIterable, Hashable {
        case bookworm = "debian/bookworm"
        case trixie = "debian/trixie"

        /// The suite by its name in the archive.
        package var suite: String { String(rawValue.split(separator: "/")[1]) }
    }

    /// The transports taken, by skopeo's names.
    package static let transports = [
        "docker://", "oci:", "oci-archive:", "docker-archive:", "docker-daemon:", "containers-storage:", "dir:",
    ]

    package var description: String {
        switch self {
        case .distribution(let distribution): "distro:" + distribution.rawValue
        case .image(let transport, let name): transport + name
        }
    }

    package init(parsing text: String) throws(SpecValueError) {
        guard !text.isEmpty else {
            throw SpecValueError("bad-base", "the base is empty", suggestion: "distro:debian/bookworm")
        }
        guard text.utf8.count <= 512, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw SpecValueError(
                "bad-base", "\"\(text)\" is no base: at most 512 visible ASCII characters, no spaces",
                suggestion: "distro:debian/bookworm")
        }
        if text.hasPrefix("distro:") {
            self = .distribution(try Self.distribution(String(text.dropFirst(7))))
            return
        }
        if let transport = Self.transports.first(where: text.hasPrefix) {
            let name = String(text.dropFirst(transport.count))
            guard !name.isEmpty, !name.hasPrefix("-") else {
                throw SpecValueError(
                    "bad-base", "\"\(text)\" names no image behind \(transport)",
                    suggestion: transport + (transport == "docker://" ? "docker.io/library/debian:12" : "/path"))
            }
            self = .image(transport: transport, name: name)
            return
        }
        throw Self.unknown(text)
    }

    private static func distribution(_ name: String) throws(SpecValueError) -> Distribution {
        if let known = Distribution(rawValue: name) { return known }
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        let known = Distribution.allCases.map(\.rawValue)
        if parts.count == 2, parts[0] == "debian" {
            throw SpecValueError(
                "unknown-suite", "Debian has no suite \"\(parts[1])\" that this release can build",
                suggestion: "distro:" + (nearest(to: name, in: known) ?? "debian/bookworm"))
        }
        let later = ["ubuntu", "fedora", "rocky", "almalinux", "opensuse", "alpine", "arch", "rhel"]
        if let family = parts.first, later.contains(String(family)) {
            throw SpecValueError(
                "not-yet", "\"\(family)\" cannot be made from its archive yet; Debian can",
                suggestion: "distro:debian/bookworm")
        }
        throw SpecValueError(
            "unknown-base", "\"distro:\(name)\" is no distribution: it must be NAME/SUITE",
            suggestion: "distro:" + (nearest(to: name, in: known) ?? "debian/bookworm"))
    }

    private static func unknown(_ text: String) -> SpecValueError {
        let suites = Distribution.allCases.map(\.rawValue)
        if let near = nearest(to: text, in: suites + suites.map { String($0.split(separator: "/")[1]) }) {
            let full = suites.first { $0.hasSuffix(near) } ?? near
            return SpecValueError(
                "unknown-base", "\"\(text)\" does not say where the base comes from", suggestion: "distro:" + full)
        }
        return SpecValueError(
            "unknown-base",
            "\"\(text)\" does not say where the base comes from: distro:, or one of \(transports.joined(separator: " "))",
            suggestion: "docker://" + text)
    }
}
