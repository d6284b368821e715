package import FactoryProtocol

/// The boot loader files of an image, as its distribution ships them, looked up in a fixed order.
///
/// Signed files come first, so that an image whose distribution signs its chain starts under Secure Boot without anybody
/// asking for it; the GRUB that is made for CDs comes before the one for disks.
package enum Bootloaders {
    /// What a search looks for: where, and the Debian package to install when nothing is there.
    package struct Search: Sendable {
        package var what: String
        package var paths: [String]
        package var package: String
    }

    /// The shim, which firmware starts and which starts GRUB under Secure Boot.
    package static func shim(_ architecture: Architecture) -> Search {
        let (suse, name) =
            switch architecture {
            case .amd64: ("x86_64", "x64")
            case .arm64: ("aarch64", "aa64")
            }
        return Search(
            what: "shim",
            paths: ["/usr/share/efi/\(suse)/shim.efi"]
                + [".dualsigned", ".signed.latest", ".signed"].map { "/usr/lib/shim/shim\(name).efi" + $0 }
                + ["fedora", "rocky", "redhat"].map { "/boot/efi/EFI/\($0)/shim.efi" }
                + ["/boot/efi/EFI/redhat/shim\(name).efi", "/boot/efi/EFI/almalinux/shim.efi"],
            package: "shim-signed")
    }

    /// GRUB for UEFI.
    package static func grub(_ architecture: Architecture) -> Search {
        let (suse, folder, name, package) =
            switch architecture {
            case .amd64: ("x86_64", "x86_64-efi", "x64", "grub-efi-amd64-signed or grub-efi-amd64-bin")
            case .arm64: ("aarch64", "arm64-efi", "aa64", "grub-efi-arm64-signed or grub-efi-arm64-bin")
            }
        return Search(
            what: "GRUB for UEFI",
            paths: [
                "/usr/lib/grub/\(folder)-signed/gcd\(name).efi.signed", "/usr/share/efi/\(suse)/grub.efi",
                "/usr/lib/grub/\(folder)-signed/grub\(name).efi.signed",
            ] + ["fedora", "rocky", "redhat", "almalinux"].map { "/boot/efi/EFI/\($0)/grub\(name).efi" } + [
                "/usr/lib/grub/\(folder)/grub\(name).efi", "/usr/lib/grub/\(folder)/monolithic/gcd\(name).efi",
                "/usr/lib/grub/\(folder)/monolithic/grub\(name).efi",
            ],
            package: package)
    }

    /// The program that puts GRUB's modules together, from the image, so that program and modules are of one version.
    package static let makeImage = Search(
        what: "GRUB's image maker", paths: ["/usr/bin/grub-mkimage", "/usr/bin/grub2-mkimage"], package: "grub-common")

    /// The boot sector that lets a BIOS start the ISO from a USB stick.
    package static let hybridSector = Search(
        what: "GRUB's hybrid boot sector", paths: [biosModules + "/boot_hybrid.img"], package: "grub-pc-bin")

    /// The start of GRUB's CD image for BIOS.
    package static let cdSector = Search(
        what: "GRUB's CD boot sector", paths: [biosModules + "/cdboot.img"], package: "grub-pc-bin")

    /// Where GRUB's modules for BIOS lie in an image.
    package static let biosModules = "/usr/lib/grub/i386-pc"

    /// The modules in the CD image for BIOS: what the menu uses, and what a person at GRUB's prompt needs to look around.
    package static let biosModuleNames = [
        "all_video", "biosdisk", "boot", "chain", "configfile", "echo", "ext2", "fat", "font", "gettext", "gfxmenu",
        "gfxterm", "gzio", "halt", "iso9660", "linux", "loadenv", "ls", "minicmd", "normal", "part_gpt", "part_msdos",
        "reboot", "search", "search_fs_file", "search_fs_uuid", "search_label", "serial", "sleep", "terminal", "test",
        "true", "vbe", "vga",
    ]

    /// The first of a search's paths that the image has.
    package static func find(_ search: Search, in files: [String: String]) -> String? {
        search.paths.first { files[$0] != nil }
    }

    /// The same, or `no-bootloader` with the first path and the Debian package.
    package static func require(_ search: Search, in files: [String: String]) throws(ArtifactsError) -> String {
        guard let path = find(search, in: files) else {
            let others = search.paths.count > 1 ? " or any of \(search.paths.count - 1) other known places" : ""
            throw ArtifactsError(
                .noBootloader,
                "the image has no \(search.what): not at \(search.paths[0])\(others) (Debian package \(search.package))"
            )
        }
        return path
    }

    /// Every path that a plan for the architecture asks about.
    package static func allPaths(_ architecture: Architecture) -> [String] {
        shim(architecture).paths + grub(architecture).paths + makeImage.paths + hybridSector.paths + cdSector.paths
    }

    /// The name under which shim looks for GRUB beside itself.
    package static func nameBesideShim(_ grub: String) -> String {
        var name = String(grub.split(separator: "/").last ?? "")
        for suffix in [".signed.latest", ".dualsigned", ".signed"] where name.hasSuffix(suffix) {
            name.removeLast(suffix.count)
        }
        return name.hasPrefix("gcd") ? "grub" + name.dropFirst(3) : name
    }

    /// The name under which firmware looks for a boot loader on removable media (UEFI specification 3.5.1.1).
    package static func removableName(_ architecture: Architecture) -> String {
        switch architecture {
        case .amd64: "bootx64.efi"
        case .arm64: "bootaa64.efi"
        }
    }
}
