package import FactoryProtocol

/// Everything about a live ISO that can be decided before a byte is written: its name, its tree, its ESP, its menu.
///
/// A pure value: the same image and options give the same plan, and from the same plan come the same bytes.
package struct ISOPlan: Sendable, Equatable {
    /// The volume id, by which the initrd finds the medium.
    package static let volumeID = "COS_LIVE"
    /// The compressed root file system's name in the ISO's root.
    package static let squashName = "rootfs.squashfs"

    /// Where the bytes of a file come from.
    package enum Source: Sendable, Equatable {
        /// Text that the plan itself holds.
        case text(String)
        /// A file of the image, by its absolute path there.
        case image(String)
        /// The compressed root file system.
        case squash
        /// GRUB's CD image for BIOS, put together from the image's own modules.
        case biosCore
    }

    /// A file of the ISO.
    package struct File: Sendable, Equatable {
        /// Absolute path in the ISO.
        package var path: String
        package var source: Source
        /// Permission bits; everything belongs to root.
        package var mode: Int
    }

    /// What a user may choose.
    package struct Options: Sendable, Equatable {
        /// The text of `/config.yaml`, which the agent reads from the medium; the file is there, empty, without one.
        package var cloudConfig: String?
        /// Another name for the ISO.
        package var name: String?
        /// Other `console=` arguments.
        package var console: String?
        /// Arguments at the end of every kernel command line.
        package var kernelArguments: String?

        package init(
            cloudConfig: String? = nil, name: String? = nil, console: String? = nil, kernelArguments: String? = nil
        ) {
            self.cloudConfig = cloudConfig
            self.name = name
            self.console = console
            self.kernelArguments = kernelArguments
        }
    }

    /// The ISO's file name.
    package let name: String
    package let architecture: Architecture
    /// The files of the ISO, sorted by path.
    package let files: [File]
    package let esp: EFIPartition
    /// Whether the ISO starts from BIOS, too.
    package let startsFromBIOS: Bool
    /// The image's `grub-mkimage` and hybrid boot sector; nil where there is no BIOS.
    package let biosParts: BIOSParts?
    /// Definitions of the mount points that the image lacks.
    package let pseudoDefinitions: [String]

    /// What of the image makes an ISO start from BIOS.
    package struct BIOSParts: Sendable, Equatable {
        package var makeImage: String
        package var hybridSector: String
    }

    /// Plans an ISO.
    ///
    /// - Throws: ``ArtifactsError`` that names the path that is missing from the image and the Debian package for it.
    package init(
        _ architecture: Architecture, image: ImageFacts, options: Options = Options()
    ) throws(ArtifactsError) {
        self.architecture = architecture
        name = try ArtifactName.iso(image.release, override: options.name)
        let boot = try image.boot.choose(for: architecture)
        let menu = GrubMenu(
            try LiveKernelArguments(
                architecture: architecture, model: image.release["MODEL"] ?? "generic", console: options.console,
                extra: options.kernelArguments),
            hasInstaller: image.hasInstaller)
        let chainPaths =
            ["/EFI/BOOT/grub.cfg", "/boot/grub/grub.cfg"]
            + ((image.release["FLAVOR"] ?? "").contains("ubuntu") ? ["/EFI/ubuntu/grub.cfg"] : [])

        esp = EFIPartition(
            files: try ISOPlan.loaders(architecture, files: image.files)
                + chainPaths.map { EFIPartition.File(path: $0, source: .text(GrubMenu.chain)) })
        biosParts = try ISOPlan.biosParts(architecture, files: image.files)
        startsFromBIOS = biosParts != nil
        pseudoDefinitions = MountPoints.pseudoDefinitions(missingFrom: image.directories)

        var files = [
            File(path: "/boot/kernel", source: .image(boot.kernel), mode: 0o644),
            File(path: "/boot/initrd", source: .image(boot.initrd), mode: 0o644),
            File(path: GrubMenu.path, source: .text(menu.text), mode: 0o644),
            // It may hold passwords.
            File(path: "/config.yaml", source: .text(options.cloudConfig ?? ""), mode: 0o600),
            File(path: "/" + ISOPlan.squashName, source: .squash, mode: 0o644),
        ]
        files += chainPaths.map { File(path: $0, source: .text(GrubMenu.chain), mode: 0o644) }
        if let biosParts {
            files.append(File(path: "/boot/eltorito.img", source: .biosCore, mode: 0o644))
            files.append(File(path: "/boot/boot_hybrid.img", source: .image(biosParts.hybridSector), mode: 0o644))
        }
        self.files = files.sorted { $0.path < $1.path }
    }

    /// Shim and GRUB for UEFI. Without a shim GRUB itself takes the name that firmware looks for; such a medium starts
    /// only with Secure Boot off.
    private static func loaders(
        _ architecture: Architecture, files: [String: String]
    ) throws(ArtifactsError) -> [EFIPartition.File] {
        let grub = try Bootloaders.require(Bootloaders.grub(architecture), in: files)
        let first = "/EFI/BOOT/" + Bootloaders.removableName(architecture)
        guard let shim = Bootloaders.find(Bootloaders.shim(architecture), in: files) else {
            return [EFIPartition.File(path: first, source: .image(files[grub] ?? grub))]
        }
        return [
            EFIPartition.File(path: first, source: .image(files[shim] ?? shim)),
            EFIPartition.File(
                path: "/EFI/BOOT/" + Bootloaders.nameBesideShim(grub), source: .image(files[grub] ?? grub)),
        ]
    }

    private static func biosParts(
        _ architecture: Architecture, files: [String: String]
    ) throws(ArtifactsError) -> BIOSParts? {
        switch architecture {
        case .amd64:
            _ = try Bootloaders.require(Bootloaders.cdSector, in: files)
            let sector = try Bootloaders.require(Bootloaders.hybridSector, in: files)
            return BIOSParts(
                makeImage: try Bootloaders.require(Bootloaders.makeImage, in: files),
                hybridSector: files[sector] ?? sector)
        case .arm64:
            return nil
        }
    }
}
