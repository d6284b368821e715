/// The EFI system partition of a live medium: a small FAT image that firmware finds through El Torito on a CD and through
/// the GPT on a USB stick.
package struct EFIPartition: Sendable, Equatable {
    /// Not `COS_GRUB`, the label of an installed system's ESP: a stick must not be taken for a disk.
    package static let label = "EFI_LIVE"
    /// FAT's volume serial number, fixed so that the same image has the same bytes.
    package static let serial = "46414354"
    private static let step = 4 << 20
    /// What the file system itself needs beside its files: reserved sectors, two tables, the root directory.
    private static let overhead = 256 << 10

    /// A file in the partition.
    package struct File: Sendable, Equatable {
        package var path: String
        package var source: ISOPlan.Source
    }

    /// Sorted by path.
    package var files: [File]

    package init(files: [File]) {
        self.files = files.sorted { $0.path < $1.path }
    }

    /// Every directory of the files, parents first.
    package var directories: [String] {
        var all: Set<String> = []
        for file in files {
            var parts = file.path.split(separator: "/").dropLast()
            while !parts.isEmpty {
                all.insert("/" + parts.joined(separator: "/"))
                parts.removeLast()
            }
        }
        return all.sorted()
    }

    /// More bytes than this boot loaders never have; their files come from the image.
    package static let greatestPayload = 1 << 30

    /// The size of the image in bytes for files that hold `payload` bytes: whole 4 MiB, with some room always left.
    ///
    /// - Throws: `bootloader-too-large`.
    package static func size(payload: Int) throws(ArtifactsError) -> Int {
        guard (0...greatestPayload).contains(payload) else {
            throw ArtifactsError(
                .bootloaderTooLarge,
                "the boot loaders of the image have \(payload) bytes in all; \(greatestPayload) is the most for a live medium"
            )
        }
        return (payload + overhead) / step * step + step
    }

    /// `mformat`'s arguments that make the empty file system.
    package static func formatArguments(image: String, size: Int) -> [String] {
        // 64 heads of 32 sectors: the geometry that firmware assumes for El Torito images of whole MiB.
        ["-C", "-i", image, "-T", String(size / 512), "-h", "64", "-s", "32", "-N", serial, "-v", label, "::"]
    }
}
