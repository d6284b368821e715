import FactoryArtifacts
import FactoryExecution
import FactoryProtocol
import Glibc
import IO
import Processes
import TestSupport
import Testing

private let tools = ["mksquashfs", "unsquashfs", "mformat", "mcopy", "mdir", "xorriso"]
private let hasTools = tools.allSatisfy { ToolFinder().find($0) != nil }

/// The real tools on a tree of a few files: for arm64, whose media need nothing that runs inside the image.
@Suite(.enabled(if: hasTools, "needs mksquashfs, mtools and xorriso"), .timeLimit(.minutes(3)))
struct ISOBuilderTests {
    private func tree(in folder: TemporaryFolder, mode: mode_t = 0o755) throws -> ImageTree {
        let tree = ImageTree(root: folder.file("tree"))
        for (path, text) in [
            ("/boot/vmlinuz-6.1", "kernel"), ("/boot/initrd.img-6.1", "initrd"),
            ("/usr/lib/shim/shimaa64.efi.signed", "shim"),
            ("/usr/lib/grub/arm64-efi-signed/gcdaa64.efi.signed", "grub"), ("/.dockerenv", ""),
            ("/etc/kairos-release", Fixtures.kairosRelease.replacing("amd64", with: "arm64")),
        ] {
            try write(text, to: tree.path(path))
        }
        return tree
    }

    private func build(_ tree: ImageTree, in job: RecordedJob, cloudConfig: String? = nil) async throws -> [Artifact] {
        let plan = try ISOPlan(
            .arm64, image: tree.facts(for: .arm64), options: ISOPlan.Options(cloudConfig: cloudConfig))
        return try await ISOBuilder(
            plan: plan, tree: tree, work: job.folder.file("work"), output: job.folder.file("out"),
            time: 1_700_000_000, identity: Digest(hash: [UInt8](repeating: 7, count: 32)), report: job.context().report
        ).run()
    }

    private func text(_ program: String, _ arguments: [String]) async throws -> String {
        try await Command(program, arguments).text(until: .in(.seconds(60)))
    }

    @Test func twoTreesOfTheSameFilesGiveTheSameBytes() async throws {
        let first = try RecordedJob()
        let second = try RecordedJob()
        let one = try await build(tree(in: first.folder), in: first)
        let other = try tree(in: second.folder)
        // Another time, and other inode numbers in another order.
        for path in ["/boot/vmlinuz-6.1", "/boot/initrd.img-6.1"] {
            try FileIO.rename(other.path(path), to: other.path("/moved"))
            try write(FileIO.read(other.path("/moved"), limit: 100), to: other.path(path))
            try FileIO.removeFile(other.path("/moved"))
        }
        let again = try await build(other, in: second)
        #expect(
            one.map(\.name) == [
                "kairos-debian-12-core-arm64-generic-v1.0.0.iso",
                "kairos-debian-12-core-arm64-generic-v1.0.0.iso.sha256",
            ])
        #expect(one == again)
    }

    @Test func theMediumHoldsWhatThePlanSays() async throws {
        let job = try RecordedJob()
        let artifacts = try await build(tree(in: job.folder), in: job, cloudConfig: "#cloud-config\n")
        let iso = job.folder.file("out/") + (try #require(artifacts.first).name)
        let listing = try await text("xorriso", ["-indev", iso, "-find", "/", "-type", "f", "-exec", "lsdl"])
        for words in ["'/boot/kernel'", "'/boot/initrd'", "'/rootfs.squashfs'", "'/boot/grub2/grub.cfg'"] {
            #expect(listing.contains(words), "\(words)")
        }
        #expect(listing.contains("-rw-------"))
        #expect(try await text("xorriso", ["-indev", iso, "-pvd_info"]).contains("COS_LIVE"))
        let boot = try await text(
            "xorriso", ["-indev", iso, "-report_el_torito", "plain", "-report_system_area", "plain"])
        #expect(boot.contains("UEFI  y   none"))
        #expect(boot.contains("GPT type GUID      :   2  28732ac11ff8d211ba4b00a0c93ec93b"))

        let files = job.folder.file("files")
        try await Command(
            "xorriso", ["-osirrox", "on", "-indev", iso, "-extract", "/", files]
        ).runSuccessfully(until: .in(.seconds(60)))
        #expect(try FileIO.readText(files + "/config.yaml", limit: 1000) == "#cloud-config\n")
        #expect(try FileIO.readText(files + "/boot/kernel", limit: 1000) == "kernel")
        let squash = try await text("unsquashfs", ["-ll", files + "/rootfs.squashfs"])
        #expect(squash.contains("squashfs-root/oem"))
        #expect(squash.contains("drwxrwxrwt") && squash.contains("squashfs-root/tmp"))
        #expect(!squash.contains(".dockerenv"))
    }

    @Test func theESPIsThePartitionWithTheChainInIt() async throws {
        let job = try RecordedJob()
        _ = try await build(tree(in: job.folder), in: job)
        let esp = job.folder.file("work/esp.img")
        #expect(try FileIO.status(esp)?.size == 4 << 20)
        let listing = try await text("mdir", ["-/", "-b", "-i", esp, "::"])
        #expect(
            Set(listing.split(separator: "\n").map { $0.lowercased() }) == [
                "::/efi/", "::/efi/boot/", "::/efi/boot/bootaa64.efi", "::/efi/boot/grubaa64.efi",
                "::/efi/boot/grub.cfg", "::/boot/", "::/boot/grub/", "::/boot/grub/grub.cfg",
            ])
        let shim = try await text("mtype", ["-i", esp, "::/EFI/BOOT/bootaa64.efi"])
        #expect(shim == "shim")
    }

    @Test func everyStepIsToldWithItsEnd() async throws {
        let job = try RecordedJob()
        _ = try await build(tree(in: job.folder), in: job)
        let ends = job.events.compactMap { if case .stepFinished(let end) = $0 { end } else { nil } }
        #expect(ends.map(\.step) == ["bootFiles", "squashfs", "image", "checksum"])
        #expect(ends.allSatisfy { $0.result == .done })
    }

    @Test func aToolThatFailsIsQuoted() async throws {
        let job = try RecordedJob()
        let tree = try tree(in: job.folder)
        let plan = try ISOPlan(.arm64, image: tree.facts(for: .arm64))
        try FileIO.removeFile(tree.path("/usr/lib/shim/shimaa64.efi.signed"))
        let builder = ISOBuilder(
            plan: plan, tree: tree, work: job.folder.file("work"), output: job.folder.file("out"), time: 0,
            identity: Digest(hash: [UInt8](repeating: 7, count: 32)), report: job.context().report)
        let failure = await #expect(throws: JobFailure.self) { try await builder.run() }
        #expect(failure?.failure.step == "bootFiles")
        #expect(failure?.failure.message.contains("mcopy") == true)
        #expect(failure?.failure.excerpt.isEmpty == false)
    }
}
