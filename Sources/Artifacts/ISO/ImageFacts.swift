/// What a plan needs to know of an image's root file system: gathered once at the edge, so that planning reads no disk.
package struct ImageFacts: Sendable, Equatable {
    package var release: ReleaseFacts
    package var boot: BootDirectory
    /// Those of the boot loaders' known paths that lead to files of the image, with the file that each leads to when
    /// links are followed inside the image.
    package var files: [String: String]
    /// The directories that the image already has, among ``MountPoints``.
    package var directories: Set<String>
    /// Whether the Kairos agent is in the image, which is what installs it.
    package var hasInstaller: Bool

    package init(
        release: ReleaseFacts, boot: BootDirectory, files: [String: String], directories: Set<String>,
        hasInstaller: Bool
    ) {
        self.release = release
        self.boot = boot
        self.files = files
        self.directories = directories
        self.hasInstaller = hasInstaller
    }
}
