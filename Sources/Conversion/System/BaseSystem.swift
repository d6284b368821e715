package import FactorySpec

/// What a base says about itself: the facts that the plan follows from.
package struct BaseSystem: Codable, Sendable, Equatable {
    /// The distribution.
    package var distro: Distro
    /// `VERSION_ID`, as it stands there.
    package var version: String
    /// `PRETTY_NAME`, else `NAME`.
    package var name: String

    package init(distro: Distro, version: String, name: String) {
        self.distro = distro
        self.version = version
        self.name = name
    }

    /// Reads it from a base's `os-release`.
    ///
    /// - Throws: `base-unknown`, `base-not-yet` or `base-without-version`, each with what can be converted.
    package init(_ release: OSRelease) throws(ConversionError) {
        let said = release["PRETTY_NAME"] ?? release["NAME"] ?? release["ID"]
        guard let distro = Distro(id: release["ID"], like: release["ID_LIKE"]) else {
            throw ConversionError(
                .unknownBase,
                "the base calls itself \"\(said ?? "nothing")\", which is no distribution known here; "
                    + Self.supported)
        }
        self.distro = distro
        name = said ?? distro.rawValue
        version = release["VERSION_ID"] ?? ""
        guard distro == .debian else {
            throw ConversionError(
                .notYet, "the base is \(name), whose family cannot be converted yet; \(Self.supported)")
        }
        guard let number = SystemVersion(version) else {
            throw ConversionError(
                .baseWithoutVersion,
                "the base is \(name) without a numeric VERSION_ID, as testing and unstable are; \(Self.supported)")
        }
        guard Self.debianVersions.contains(where: { SystemVersion($0) == number }) else {
            throw ConversionError(.notYet, "the base is \(name), which cannot be converted yet; \(Self.supported)")
        }
    }

    /// Checks that packages can be installed in the base.
    ///
    /// - Parameter exists: whether a path of the base leads to something.
    /// - Throws: `base-without-package-manager`, which names what is missing.
    func checkPackageManager(_ exists: (String) -> Bool) throws(ConversionError) {
        let missing = Self.packagePrograms.filter { name in !["/usr/bin/", "/bin/"].contains { exists($0 + name) } }
        guard missing.isEmpty else {
            throw ConversionError(
                .baseWithoutPackageManager,
                "the base is \(name) without \(missing.joined(separator: ", ")): nothing can be installed in it, as in "
                    + "images without a package manager (distroless); take the distribution's whole image as the base")
        }
    }

    private static let packagePrograms = ["apt-get", "dpkg", "sh"]

    /// What a base made from a distribution's own archive will say, known before it is made. Nil for an image, which
    /// has to be looked into.
    package static func expected(of base: BaseReference) -> BaseSystem? {
        switch base {
        case .distribution(.bookworm):
            BaseSystem(distro: .debian, version: "12", name: "Debian GNU/Linux 12 (bookworm)")
        case .distribution(.trixie):
            BaseSystem(distro: .debian, version: "13", name: "Debian GNU/Linux 13 (trixie)")
        case .image: nil
        }
    }

    /// The versions of Debian that can be converted.
    private static let debianVersions = ["12", "13"]
    private static let supported = "Debian 12 (bookworm) and Debian 13 (trixie) can be converted"
}
