import FactoryArtifacts
import FactoryProtocol
import Testing

@Suite struct BootDirectoryTests {
    private func choose(_ names: [String: String?], modules: Set<String> = []) throws -> BootDirectory.Choice {
        let entries = names.map { BootDirectory.Entry($0.key, file: $0.value) }
        return try BootDirectory(entries: entries, moduleVersions: modules).choose(for: .amd64)
    }

    private func plain(_ names: [String]) -> [String: String?] {
        Dictionary(uniqueKeysWithValues: names.map { ($0, "/boot/" + $0) })
    }

    @Test func thePlainNamesWin() throws {
        let choice = try choose([
            "vmlinuz": "/boot/vmlinuz-6.1.0-5", "vmlinuz-6.1.0-5": "/boot/vmlinuz-6.1.0-5",
            "vmlinuz-6.1.0-9": "/boot/vmlinuz-6.1.0-9", "initrd": "/boot/initrd",
        ])
        #expect(choice.kernel == "/boot/vmlinuz-6.1.0-5")
        #expect(choice.initrd == "/boot/initrd")
    }

    @Test func ofSeveralKernelsTheNewestWithModulesIsTakenWithItsOwnInitrd() throws {
        let names = [
            "vmlinuz-6.1.0-9-amd64", "vmlinuz-6.1.0-10-amd64", "vmlinuz-6.12.1-amd64", "initrd.img-6.1.0-9-amd64",
            "initrd.img-6.1.0-10-amd64", "initrd.img-6.1.0-1-amd64",
        ]
        let choice = try choose(plain(names), modules: ["6.1.0-9-amd64", "6.1.0-10-amd64"])
        #expect(choice.kernel == "/boot/vmlinuz-6.1.0-10-amd64")
        #expect(choice.initrd == "/boot/initrd.img-6.1.0-10-amd64")
    }

    @Test func dracutsOwnInitrdNameIsKnown() throws {
        let choice = try choose(plain(["vmlinuz-6.6.1", "initramfs-6.6.1.img"]))
        #expect(choice.initrd == "/boot/initramfs-6.6.1.img")
    }

    @Test func aDanglingLinkIsNoKernel() throws {
        let choice = try choose(
            ["vmlinuz": String?.none, "vmlinuz-6.1.0-5": "/boot/vmlinuz-6.1.0-5", "initrd": "/boot/initrd"])
        #expect(choice.kernel == "/boot/vmlinuz-6.1.0-5")
    }

    @Test func anInitrdOfAnotherKernelIsNotTaken() {
        let error = #expect(throws: ArtifactsError.self) {
            try choose(plain(["vmlinuz-6.1.0-56-amd64", "initrd.img-6.1.0-5-amd64"]))
        }
        #expect(error?.code == .noInitrd)
        #expect(error?.message.contains("initrd.img-6.1.0-56-amd64") == true)
        #expect(error?.message.contains("dracut") == true)
    }

    @Test func anImageWithoutAKernelNamesThePackage() {
        let error = #expect(throws: ArtifactsError.self) { try choose(plain(["initrd", "config-6.1.0-5"])) }
        #expect(error?.code == .noKernel)
        #expect(error?.message.contains("linux-image-amd64") == true)
    }
}
