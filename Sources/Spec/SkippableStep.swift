/// The steps of the conversion that a description may leave out, by the names of kairos-init.
package enum SkippableStep: String, Codable, Sendable, CaseIterable, Hashable {
    case installPackages
    case installKernel
    case branding
    case grub
    case miscellaneous
    case kairosBinaries
    case kairosRelease
    case kernel
    case initramfsConfigs
    case initrd
    case services
    case sshHardening
    case workarounds
    case cleanup

    /// Names that kairos-init has and this release has no step for.
    package static let later: [String] = [
        "install", "init", "cloudconfigs", "providerBinaries", "buildProvider", "kubernetes",
    ]
}
