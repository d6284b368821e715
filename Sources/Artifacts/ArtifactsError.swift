/// Why an artifact cannot be made from an image, or why it was refused.
package struct ArtifactsError: Error, Equatable, CustomStringConvertible {
    /// A stable word for programs; the sentence is for people.
    package struct Code: RawRepresentable, Hashable, Sendable {
        package let rawValue: String

        package init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// The image has no kernel under `/boot`.
        package static let noKernel = Code(rawValue: "no-kernel")
        /// The image has no initrd under `/boot` that goes with its kernel.
        package static let noInitrd = Code(rawValue: "no-initrd")
        /// The image carries no boot loader for a firmware that its architecture needs.
        package static let noBootloader = Code(rawValue: "no-bootloader")
        /// The boot loaders do not fit into an EFI system partition of a live medium.
        package static let bootloaderTooLarge = Code(rawValue: "bootloader-too-large")
        /// `/etc/kairos-release` is missing or says too little.
        package static let noReleaseFacts = Code(rawValue: "no-release-facts")
        /// Kernel arguments that GRUB cannot pass on unchanged.
        package static let badKernelArguments = Code(rawValue: "bad-kernel-arguments")
        /// A name that cannot be a file's name.
        package static let badName = Code(rawValue: "bad-name")
        /// A file of the image is not what it must be.
        package static let badTree = Code(rawValue: "bad-tree")
        /// A file of the image could not be read.
        package static let unreadable = Code(rawValue: "unreadable")
    }

    package let code: Code
    /// One sentence: the thing, the value, the limit.
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String {
        "\(message) (\(code.rawValue))"
    }
}
