import FactoryArtifacts
import FactoryProtocol
import Testing

@Suite struct ISOPlanTests {
    /// What the other maker of such media puts in the ISO of the same image, without its copy of the ESP, which ours
    /// holds once, as a partition.
    static let knownTree: [String] = [
        "/EFI/BOOT/grub.cfg", "/boot/boot_hybrid.img", "/boot/eltorito.img", "/boot/grub/grub.cfg",
        "/boot/grub2/grub.cfg", "/boot/initrd", "/boot/kernel", "/config.yaml", "/rootfs.squashfs",
    ]

    @Test func theTreeIsTheKnownOne() throws {
        let plan = try ISOPlan(.amd64, image: Fixtures.image())
        #expect(plan.files.map(\.path) == ISOPlanTests.knownTree)
        #expect(plan.name == "kairos-debian-12-core-amd64-generic-v1.0.0.iso")
    }

    @Test func kernelAndInitrdComeFromTheImage() throws {
        let plan = try ISOPlan(.amd64, image: Fixtures.image())
        let sources = Dictionary(uniqueKeysWithValues: plan.files.map { ($0.path, $0.source) })
        #expect(sources["/boot/kernel"] == .image("/boot/vmlinuz-6.1.0-56-amd64"))
        #expect(sources["/boot/initrd"] == .image("/boot/initrd"))
    }

    @Test func theCloudConfigIsRootsAlone() throws {
        let plan = try ISOPlan(
            .amd64, image: Fixtures.image(), options: ISOPlan.Options(cloudConfig: "#cloud-config\n"))
        let file = plan.files.first { $0.path == "/config.yaml" }
        #expect(file?.source == .text("#cloud-config\n"))
        #expect(file?.mode == 0o600)
    }

    @Test func aSignedChainIsPreferredAndGRUBGetsTheNameThatShimLooksFor() throws {
        let plan = try ISOPlan(.amd64, image: Fixtures.image())
        #expect(
            plan.esp.files.map(\.path) == [
                "/EFI/BOOT/bootx64.efi", "/EFI/BOOT/grub.cfg", "/EFI/BOOT/grubx64.efi", "/boot/grub/grub.cfg",
            ])
        #expect(plan.esp.files[0].source == .image("/usr/lib/shim/shimx64.efi.signed"))
        #expect(plan.esp.files[2].source == .image("/usr/lib/grub/x86_64-efi-signed/gcdx64.efi.signed"))
        #expect(plan.esp.directories == ["/EFI", "/EFI/BOOT", "/boot", "/boot/grub"])
    }

    @Test func withoutAShimGRUBIsWhatFirmwareStarts() throws {
        let files = Fixtures.files([
            "/usr/lib/grub/x86_64-efi/monolithic/gcdx64.efi", "/usr/lib/grub/i386-pc/boot_hybrid.img",
            "/usr/lib/grub/i386-pc/cdboot.img", "/usr/bin/grub-mkimage",
        ])
        let plan = try ISOPlan(.amd64, image: Fixtures.image(files: files))
        #expect(plan.esp.files.map(\.path) == ["/EFI/BOOT/bootx64.efi", "/EFI/BOOT/grub.cfg", "/boot/grub/grub.cfg"])
        #expect(plan.esp.files[0].source == .image("/usr/lib/grub/x86_64-efi/monolithic/gcdx64.efi"))
    }

    @Test func aLinkInTheImageIsFollowedAndKeepsItsName() throws {
        var files = Fixtures.loaderFiles
        files["/usr/lib/shim/shimx64.efi.signed"] = "/usr/lib/shim/shimx64.efi.signed.latest-1"
        let plan = try ISOPlan(.amd64, image: Fixtures.image(files: files))
        #expect(plan.esp.files[0].path == "/EFI/BOOT/bootx64.efi")
        #expect(plan.esp.files[0].source == .image("/usr/lib/shim/shimx64.efi.signed.latest-1"))
    }

    @Test func ubuntusGRUBFindsItsFileToo() throws {
        let release = Fixtures.kairosRelease.replacing("FLAVOR=\"debian\"", with: "FLAVOR=\"ubuntu\"")
        let plan = try ISOPlan(.amd64, image: Fixtures.image(release: release))
        #expect(plan.files.contains { $0.path == "/EFI/ubuntu/grub.cfg" })
        #expect(plan.esp.files.contains { $0.path == "/EFI/ubuntu/grub.cfg" })
    }

    @Test(arguments: [
        ("/usr/lib/grub/i386-pc/cdboot.img", "grub-pc-bin"), ("/usr/bin/grub-mkimage", "grub-common"),
        ("/usr/lib/grub/i386-pc/boot_hybrid.img", "grub-pc-bin"),
    ])
    func aMissingBootLoaderNamesPathAndPackage(_ path: String, _ package: String) {
        let error = #expect(throws: ArtifactsError.self) {
            try ISOPlan(.amd64, image: Fixtures.image(files: Fixtures.loaderFiles.filter { $0.key != path }))
        }
        #expect(error?.code == .noBootloader)
        #expect(error?.message.contains(path) == true)
        #expect(error?.message.contains(package) == true)
    }

    @Test func anImageWithoutGRUBForUEFINamesPathAndPackage() {
        let files = Fixtures.loaderFiles.filter { !$0.key.contains("efi") || $0.key.contains("shim") }
        let error = #expect(throws: ArtifactsError.self) {
            try ISOPlan(.amd64, image: Fixtures.image(files: files))
        }
        #expect(error?.message.contains("gcdx64.efi.signed") == true)
        #expect(error?.message.contains("grub-efi-amd64-bin") == true)
    }

    @Test func armHasNoBIOS() throws {
        let files = Fixtures.files([
            "/usr/lib/shim/shimaa64.efi.signed", "/usr/lib/grub/arm64-efi-signed/gcdaa64.efi.signed",
        ])
        let plan = try ISOPlan(.arm64, image: Fixtures.image(files: files))
        #expect(plan.biosParts == nil)
        #expect(!plan.files.contains { $0.path.contains("eltorito") })
        #expect(plan.esp.files.map(\.path).contains("/EFI/BOOT/bootaa64.efi"))
        #expect(plan.esp.files.map(\.path).contains("/EFI/BOOT/grubaa64.efi"))
    }

    @Test func onlyMissingMountPointsAreAdded() throws {
        let plan = try ISOPlan(.amd64, image: Fixtures.image())
        #expect(plan.pseudoDefinitions == ["/oem d 0755 0 0"])
        #expect(
            MountPoints.pseudoDefinitions(missingFrom: []) == [
                "/boot d 0755 0 0", "/dev d 0755 0 0", "/oem d 0755 0 0", "/proc d 0555 0 0", "/run d 0755 0 0",
                "/sys d 0555 0 0", "/tmp d 1777 0 0", "/usr/local d 0755 0 0",
            ])
    }

    @Test(arguments: [
        (0, 4 << 20), (1_000_000, 4 << 20), ((4 << 20) - 1, 8 << 20), (4 << 20, 8 << 20), (5_000_000, 8 << 20),
    ])
    func anESPAlwaysHasRoomLeft(_ payload: Int, _ size: Int) throws {
        #expect(try EFIPartition.size(payload: payload) == size)
    }

    /// The files are the image's, which may have any size: holes take no room.
    @Test(arguments: [(1 << 30) + 1, .max, -1, .min])
    func bootLoadersOfAnImpossibleSizeAreRefused(_ payload: Int) {
        #expect {
            try EFIPartition.size(payload: payload)
        } throws: {
            ($0 as? ArtifactsError)?.code == .bootloaderTooLarge
        }
    }

    @Test func xorrisoIsToldTheVolumeTheBootImagesAndOneESP() throws {
        let plan = try ISOPlan(.amd64, image: Fixtures.image())
        let staging = ISOPlan.Staging(
            tree: "/t", texts: "/w/texts", squash: "/w/s", biosCore: "/w/core", esp: "/w/esp", output: "/o/x.iso")
        let line = plan.xorrisoArguments(staging, time: 1_700_000_000, guid: String(repeating: "ab", count: 16))
            .joined(separator: " ")
        for words in [
            "-volid COS_LIVE -joliet on", "-map /t/boot/vmlinuz-6.1.0-56-amd64 /boot/kernel",
            "-map /w/s /rootfs.squashfs", "-map /w/texts/config.yaml /config.yaml", "-chmod 0600 /config.yaml",
            "-alter_date_r b-c =1700000000 / --", "bin_path=/boot/eltorito.img",
            "grub2_mbr=/t/usr/lib/grub/i386-pc/boot_hybrid.img", "-append_partition 2 0xef /w/esp",
            "efi_path=--interval:appended_partition_2:all::", "appended_part_as=gpt", "partition_offset=16",
        ] {
            #expect(line.contains(words), "\(words)")
        }
        #expect(!line.contains("-map /w/esp"))
    }

    @Test func aChecksumIsWhatGNUReads() {
        let digest = Digest(hash: [UInt8](repeating: 0xAB, count: 32))
        #expect(
            ChecksumFile.text(digest, name: "a.iso") == String(repeating: "ab", count: 32) + "  a.iso\n")
        #expect(ChecksumFile.name(for: "a.iso") == "a.iso.sha256")
    }
}
