import FactoryArtifacts

/// Facts of a converted Debian 12, as `/etc/kairos-release` and the usual packages give them.
enum Fixtures {
    static let kairosRelease = """
        KAIROS_ARCH="amd64"
        KAIROS_FAMILY="debian"
        KAIROS_FLAVOR="debian"
        KAIROS_FLAVOR_RELEASE=12
        KAIROS_ID="kairos"
        KAIROS_MODEL="generic"
        KAIROS_TARGETARCH="amd64"
        KAIROS_VARIANT="core"
        KAIROS_VERSION="v1.0.0"

        """

    static let loaderFiles = files([
        "/usr/lib/shim/shimx64.efi.signed", "/usr/lib/grub/x86_64-efi-signed/gcdx64.efi.signed",
        "/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed", "/usr/lib/grub/x86_64-efi/monolithic/gcdx64.efi",
        "/usr/lib/grub/i386-pc/boot_hybrid.img", "/usr/lib/grub/i386-pc/cdboot.img", "/usr/bin/grub-mkimage",
    ])

    /// Paths that lead to themselves.
    static func files(_ paths: [String]) -> [String: String] {
        Dictionary(uniqueKeysWithValues: paths.map { ($0, $0) })
    }

    static let bootDirectory = BootDirectory(
        entries: [
            BootDirectory.Entry("System.map-6.1.0-56-amd64", file: "/boot/System.map-6.1.0-56-amd64"),
            BootDirectory.Entry("grub", file: nil),
            BootDirectory.Entry("initrd", file: "/boot/initrd"),
            BootDirectory.Entry("vmlinuz", file: "/boot/vmlinuz-6.1.0-56-amd64"),
            BootDirectory.Entry("vmlinuz-6.1.0-56-amd64", file: "/boot/vmlinuz-6.1.0-56-amd64"),
        ],
        moduleVersions: ["6.1.0-56-amd64"])

    static func image(
        release: String = kairosRelease, files: [String: String] = loaderFiles, hasInstaller: Bool = true,
        boot: BootDirectory = bootDirectory
    ) -> ImageFacts {
        ImageFacts(
            release: ReleaseFacts(kairosRelease: release), boot: boot, files: files,
            directories: ["/boot", "/dev", "/proc", "/run", "/sys", "/tmp", "/usr/local"], hasInstaller: hasInstaller)
    }
}
