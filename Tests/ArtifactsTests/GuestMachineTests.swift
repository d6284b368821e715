import FactoryArtifacts
import FactoryProtocol
import Testing

@Suite struct GuestMachineTests {
    private func machine(
        firmware: GuestMachine.FirmwareFiles? = nil, accelerator: GuestMachine.Accelerator = .tcg,
        iso: String = "/a.iso"
    ) -> String {
        GuestMachine(
            architecture: .amd64, accelerator: accelerator, processors: 2, memoryMiB: 2048, iso: iso,
            firmware: firmware, console: "/dev/fdset/1"
        ).arguments.joined(separator: " ")
    }

    @Test func aBootHasMemoryANetworkCardAConsoleAndNoSecondChance() {
        let line = machine()
        for words in [
            "-m 2048", "-netdev user,id=net,restrict=on -device virtio-net-pci,netdev=net", "-no-reboot",
            "-serial chardev:console",
            "-accel tcg,thread=multi", "-cpu max", "drive=medium,bootindex=0", "-boot strict=on",
            "path=/dev/fdset/1", "-machine pc,graphics=off",
        ] {
            #expect(line.contains(words), "\(words)")
        }
        #expect(!line.contains("pflash"))
    }

    @Test func uefiGetsItsCodeReadOnlyAndItsVariablesToWrite() {
        let line = machine(firmware: GuestMachine.FirmwareFiles(code: "/c.fd", variables: "/v.fd"), accelerator: .kvm)
        #expect(line.contains("if=pflash,unit=0,format=raw,readonly=on,file=/c.fd"))
        #expect(line.contains("if=pflash,unit=1,format=raw,file=/v.fd"))
        #expect(line.contains("-machine q35 -accel kvm"))
    }

    @Test func aCommaInAPathIsNoOption() {
        #expect(machine(iso: "/a,b.iso").contains("file=/a,,b.iso"))
    }
}
