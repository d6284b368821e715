/// What the package tables are asked.
package struct PackageQuery: Sendable, Equatable {
    /// The distribution.
    package var distro: Distro
    /// Its `VERSION_ID`.
    package var version: String
    /// The processor, by Debian's name: tables have more of them than workers.
    package var arch: String
    /// The board, by Kairos' name.
    package var model: String
    /// Whether the image starts through a signed unified kernel image instead of GRUB.
    package var trustedBoot: Bool

    package init(
        distro: Distro, version: String, arch: String, model: String = "generic", trustedBoot: Bool = false
    ) {
        self.distro = distro
        self.version = version
        self.arch = arch
        self.model = model
        self.trustedBoot = trustedBoot
    }
}
