/// The programs the farm uses: which Debian package brings each, and how it tells its version.
package enum ToolCatalog {
    /// What is known of a program.
    package struct Entry: Sendable, Hashable {
        /// The Debian package that brings it.
        package let package: String
        /// The arguments that make it print its version and end.
        package let versionArguments: [String]

        init(_ package: String, _ versionArguments: [String] = ["--version"]) {
            self.package = package
            self.versionArguments = versionArguments
        }
    }

    /// Every known program by its name.
    package static let entries: [String: Entry] = [
        "apt-get": Entry("apt"),
        "bash": Entry("bash"),
        "buildah": Entry("buildah"),
        "chroot": Entry("coreutils"),
        "cpio": Entry("cpio"),
        "depmod": Entry("kmod"),
        "dpkg-query": Entry("dpkg"),
        "grub-mkimage": Entry("grub-common"),
        "grub-mkstandalone": Entry("grub-common"),
        "lsinitrd": Entry("dracut-core", ["--version"]),
        "mcopy": Entry("mtools", ["-V"]),
        "mformat": Entry("mtools", ["-V"]),
        "mke2fs": Entry("e2fsprogs", ["-V"]),
        "mkfs.vfat": Entry("dosfstools", ["--help"]),
        "mksquashfs": Entry("squashfs-tools", ["-version"]),
        "mmd": Entry("mtools", ["-V"]),
        "mmdebstrap": Entry("mmdebstrap"),
        "mount": Entry("mount"),
        "newuidmap": Entry("uidmap", []),
        "qemu-aarch64-static": Entry("qemu-user-static"),
        "qemu-img": Entry("qemu-utils"),
        "qemu-system-aarch64": Entry("qemu-system-arm"),
        "qemu-system-x86_64": Entry("qemu-system-x86"),
        "sfdisk": Entry("fdisk"),
        "skopeo": Entry("skopeo"),
        "tar": Entry("tar"),
        "umount": Entry("mount"),
        "unsquashfs": Entry("squashfs-tools", ["-version"]),
        "xorriso": Entry("xorriso"),
        "zstd": Entry("zstd"),
    ]

    /// `; apt-get install NAME` where the package is known, else nothing: the end of an error message.
    static func installHint(for name: String) -> String {
        let bare = name.split(separator: "/").last.map(String.init) ?? name
        guard let entry = entries[bare] else { return "" }
        return "; it is in the Debian package \(entry.package): apt-get install \(entry.package)"
    }
}
