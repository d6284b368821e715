package import FactoryProtocol

/// Kernel and initrd of an image, chosen from what lies in `/boot`.
///
/// A plain name (`vmlinuz`, `initrd`), usually a link, is the image's own word and wins. Without one the newest kernel
/// that has its modules in `/lib/modules` is taken, with the initrd of the same version: a kernel beside the initrd of
/// another one starts and then finds no modules.
package struct BootDirectory: Sendable, Equatable {
    /// A name in `/boot` and the file that it leads to.
    package struct Entry: Sendable, Equatable {
        package var name: String
        /// Absolute path inside the image with every link followed; nil for a directory or a link to nowhere.
        package var file: String?

        package init(_ name: String, file: String?) {
            self.name = name
            self.file = file
        }
    }

    /// The two files that a boot needs, as paths inside the image.
    package struct Choice: Sendable, Equatable {
        package var kernel: String
        package var initrd: String
    }

    private static let kernelNames = ["vmlinuz", "Image", "zImage", "uImage", "image"]
    private static let initrdNames = ["initrd", "initramfs", "initrd.img", "initramfs.img"]

    package var entries: [Entry]
    /// The names in `/lib/modules`: one directory a kernel version.
    package var moduleVersions: Set<String>

    package init(entries: [Entry], moduleVersions: Set<String>) {
        self.entries = entries
        self.moduleVersions = moduleVersions
    }

    /// Chooses kernel and initrd.
    ///
    /// - Throws: `no-kernel` or `no-initrd`, with the Debian package that brings the file.
    package func choose(for architecture: Architecture) throws(ArtifactsError) -> Choice {
        guard let kernel = kernel() else {
            throw ArtifactsError(
                .noKernel,
                "the image has no kernel: nothing in /boot is called vmlinuz, vmlinuz-VERSION or Image "
                    + "(Debian package linux-image-\(architecture.rawValue))")
        }
        guard let initrd = initrd(for: BootDirectory.version(of: kernel)) else {
            let version = BootDirectory.version(of: kernel)
            throw ArtifactsError(
                .noInitrd,
                "the image has no initrd: nothing in /boot is called initrd or initrd.img-\(version ?? "VERSION") "
                    + "(made by the Debian packages dracut and dracut-live)")
        }
        return Choice(kernel: kernel, initrd: initrd)
    }

    private func kernel() -> String? {
        if let plain = plain(BootDirectory.kernelNames) { return plain }
        let candidates = entries.compactMap { entry -> (version: String, file: String)? in
            guard let file = entry.file, BootDirectory.kernelNames.contains(where: { entry.name.hasPrefix($0 + "-") })
            else { return nil }
            return (BootDirectory.version(of: entry.name) ?? "", file)
        }
        let complete = candidates.filter { moduleVersions.contains($0.version) }
        return (complete.isEmpty ? candidates : complete).max { KernelVersion.isOlder($0.version, $1.version) }?.file
    }

    private func initrd(for version: String?) -> String? {
        if let plain = plain(BootDirectory.initrdNames) { return plain }
        let candidates = entries.filter { entry in
            entry.file != nil && ["initrd", "initramfs"].contains { entry.name.hasPrefix($0) }
        }
        let endings = version.map { ["-" + $0, "-" + $0 + ".img"] } ?? []
        if let same = candidates.first(where: { entry in endings.contains { entry.name.hasSuffix($0) } }) {
            return same.file
        }
        return version == nil && candidates.count == 1 ? candidates[0].file : nil
    }

    private func plain(_ names: [String]) -> String? {
        for name in names {
            if let file = entries.first(where: { $0.name == name })?.file { return file }
        }
        return nil
    }

    /// `6.1.0-56-amd64` of `/boot/vmlinuz-6.1.0-56-amd64`; nil when the name carries none.
    private static func version(of path: String) -> String? {
        let name = path.split(separator: "/").last ?? ""
        guard let dash = name.firstIndex(of: "-") else { return nil }
        return String(name[name.index(after: dash)...])
    }
}
