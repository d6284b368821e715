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
        let shown = Passwords.masked(value: text)
        guard text.utf8.count <= 512, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw SpecValueError(
                "bad-base", "\"\(shown)\" is no base: at most 512 visible ASCII characters, no spaces",
                suggestion: "distro:debian/bookworm")
        }
        // containers-storage has an @ of its own, before the id of an image.
        guard text.hasPrefix("containers-storage:") || !Passwords.areIn(value: text) else {
            throw SpecValueError(
                "bad-base",
                "\"\(shown)\" holds a user or a password; everybody on the farm can read a description",
                suggestion: "the reference without what stands before the @")
        }
        if text.hasPrefix("distro:") {
            self = .distribution(try Self.distribution(String(text.dropFirst(7))))
            return
        }
        // Schemes are the same in capital letters.
        if let transport = Self.transports.first(where: text.lowercased().hasPrefix) {
            let name = String(text.dropFirst(transport.count))
            try Self.check(name, transport, text)
            self = .image(transport: transport, name: name)
            return
        }
        throw Self.unknown(text)
    }

    /// A reference that was taken before, perhaps by a release with other rules.
    init(stored text: String) throws(SpecValueError) {
        guard let transport = Self.transports.first(where: text.hasPrefix) else {
            try self.init(parsing: text)
            return
        }
        self = .image(transport: transport, name: String(text.dropFirst(transport.count)))
    }

    /// Refuses a name that the transport can never find.
    private static func check(_ name: String, _ transport: String, _ text: String) throws(SpecValueError) {
        func refused(_ why: String, _ suggestion: String?) -> SpecValueError {
            SpecValueError(
                "bad-base", "\"\(Passwords.masked(value: text))\" is no base: \(why)", suggestion: suggestion)
        }
        guard !name.isEmpty, !name.hasPrefix("-") else {
            throw SpecValueError(
                "bad-base", "\"\(text)\" names no image behind \(transport)",
                suggestion: transport + (transport == "docker://" ? "docker.io/library/debian:12" : "/path"))
        }
        switch transport {
        case "oci:", "oci-archive:", "docker-archive:", "dir:":
            guard name.hasPrefix("/") else {
                throw refused("the path on the worker must be absolute", "\(transport)/path")
            }
            guard !name.split(separator: "/").contains("..") else {
                throw refused("the path holds \"..\"", nil)
            }
        // The store itself, or an image by its id.
        case "containers-storage:" where name.hasPrefix("[") || name.hasPrefix("@"): break
        case "docker-daemon:" where name.hasPrefix("sha256:"): break
        default:
            if let fault = ImageReferenceGrammar.fault(name) {
                throw refused(fault.why, fault.corrected.map { transport + $0 })
            }
            guard transport != "docker-daemon:" || ImageReferenceGrammar.hasTagOrDigest(name) else {
                throw refused("an image of the Docker engine is named with its tag", text + ":latest")
            }
        }
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
            suggestion: meant(text))
    }

    /// What was probably meant by a text without a known transport; nil when it cannot be told.
    private static func meant(_ text: String) -> String? {
        let scheme = text.prefix { $0 != ":" }.lowercased()
        let rest = String(text.dropFirst(scheme.count + 1).drop { $0 == "/" })
        if text.contains("://") || scheme == "file" {
            guard scheme == "file", !rest.isEmpty else { return nil }
            return "docker-archive:/" + rest
        }
        if scheme == "docker", text.dropFirst(scheme.count).hasPrefix(":") {
            return ImageReferenceGrammar.fault(rest) == nil ? "docker://" + rest : nil
        }
        if text.hasPrefix("/") {
            return text.hasSuffix(".tar") ? "oci-archive:" + text : "oci:" + text
        }
        return ImageReferenceGrammar.fault(text) == nil ? "docker://" + text : nil
    }
}
