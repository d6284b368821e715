import FactoryArtifacts
import FactoryExecution
import FactoryProtocol
import FactorySpec
import Glibc
import IO
import Processes
import TestSupport
import Testing

private let isPossible =
    geteuid() == 0 && ["mksquashfs", "mformat", "mcopy", "xorriso"].allSatisfy { ToolFinder().find($0) != nil }

/// The whole job, from an image's blobs to the ISO, on a small image for arm64.
@Suite(
    .enabled(if: isPossible, "mounts an overlay as root; needs mksquashfs, mtools and xorriso"), .timeLimit(.minutes(3))
)
struct ISOJobTests {
    private static let base = [
        "/etc/kairos-release": Fixtures.kairosRelease.replacing("amd64", with: "arm64"),
        "/usr/lib/shim/shimaa64.efi.signed": "shim",
        "/usr/lib/grub/arm64-efi-signed/gcdaa64.efi.signed": "grub",
    ]

    private func run(_ layers: [[String: String]], cloudConfig: String? = nil) async throws -> RecordedJob {
        let job = try RecordedJob()
        let image = try await TestImage.make(layers, for: job)
        try await ISOJob.run(
            ISOWork(arch: .arm64, cloudConfig: cloudConfig), in: job.context(inputs: image.artifacts))
        return job
    }

    @Test func anImageOfTwoLayersBecomesAnISOAndItsChecksum() async throws {
        let job = try await run([Self.base, ["/boot/vmlinuz": "kernel", "/boot/initrd": "initrd"]])
        let name = "kairos-debian-12-core-arm64-generic-v1.0.0.iso"
        #expect(job.artifacts.map(\.name) == [name, name + ".sha256"])
        #expect(job.artifacts.map(\.role) == [.iso, .checksum])
        let files = job.folder.file("files")
        try await Command(
            "xorriso", ["-osirrox", "on", "-indev", job.folder.file("out/" + name), "-extract", "/", files]
        ).runSuccessfully(until: .in(.seconds(60)))
        #expect(try FileIO.readText(files + "/boot/initrd", limit: 100) == "initrd")
        #expect(try FileIO.readText(files + "/config.yaml", limit: 100).isEmpty)
        // Nothing stays mounted.
        #expect(try !FileIO.readText("/proc/self/mountinfo", limit: 1 << 20).contains(job.folder.path))
    }

    @Test func theSameImageAndWordsGiveTheSameBytes() async throws {
        let layers = [Self.base, ["/boot/vmlinuz": "kernel", "/boot/initrd": "initrd"]]
        let one = try await run(layers, cloudConfig: "#cloud-config\n")
        let other = try await run(layers, cloudConfig: "#cloud-config\n")
        #expect(one.artifacts == other.artifacts)
        let plain = try await run(layers)
        #expect(one.artifacts[0].digest != plain.artifacts[0].digest)
    }

    @Test(arguments: [
        (["/boot/initrd": "x"], "no-kernel", "linux-image-arm64"), (["/boot/vmlinuz": "x"], "no-initrd", "dracut"),
    ])
    func anImageThatLacksAPartIsTheDescriptionsFault(
        _ boot: [String: String], _ code: String, _ package: String
    ) async throws {
        let failure = await #expect(throws: JobFailure.self) { _ = try await run([Self.base, boot]) }
        #expect(failure?.failure.cause == .spec)
        #expect(failure?.failure.code == code)
        #expect(failure?.failure.step == "planISO")
        #expect(failure?.failure.message.contains(package) == true)
    }

    @Test func anImageWithoutABootLoaderIsTheDescriptionsFault() async throws {
        let base = Self.base.filter { !$0.key.contains("grub") }
        let failure = await #expect(throws: JobFailure.self) {
            _ = try await run([base, ["/boot/vmlinuz": "kernel", "/boot/initrd": "initrd"]])
        }
        #expect(failure?.failure.code == "no-bootloader")
        #expect(failure?.failure.message.contains("/usr/lib/grub/arm64-efi-signed/gcdaa64.efi.signed") == true)
    }
}
