package import FactoryProtocol

/// The virtual machine that an ISO is started in, as QEMU's arguments (QEMU 7.2).
package struct GuestMachine: Sendable, Equatable {
    /// What runs the guest's instructions.
    package enum Accelerator: String, Sendable {
        case kvm
        case tcg
    }

    /// UEFI's code and a copy of its variables, which it writes to.
    package struct FirmwareFiles: Sendable, Equatable {
        package var code: String
        package var variables: String

        package init(code: String, variables: String) {
            self.code = code
            self.variables = variables
        }
    }

    package var architecture: Architecture
    package var accelerator: Accelerator
    package var processors: Int
    package var memoryMiB: Int
    package var iso: String
    /// The UEFI to start with; nil starts with BIOS.
    package var firmware: FirmwareFiles?
    /// The path that QEMU writes the serial console to.
    package var console: String

    package init(
        architecture: Architecture, accelerator: Accelerator, processors: Int, memoryMiB: Int, iso: String,
        firmware: FirmwareFiles?, console: String
    ) {
        self.architecture = architecture
        self.accelerator = accelerator
        self.processors = processors
        self.memoryMiB = memoryMiB
        self.iso = iso
        self.firmware = firmware
        self.console = console
    }

    package static func program(_ architecture: Architecture) -> String {
        "qemu-system-" + architecture.machine
    }

    /// Where Debian's package `ovmf` keeps UEFI for a processor: code, and variables to copy.
    package static func firmware(_ architecture: Architecture) -> (code: String, variables: String, package: String) {
        switch architecture {
        case .amd64: ("/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd", "ovmf")
        case .arm64: ("/usr/share/AAVMF/AAVMF_CODE.fd", "/usr/share/AAVMF/AAVMF_VARS.fd", "qemu-efi-aarch64")
        }
    }

    /// QEMU's arguments.
    package var arguments: [String] {
        var arguments = [
            "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
            "-machine", machine, "-accel", accelerator == .kvm ? "kvm" : "tcg,thread=multi", "-cpu", "max",
            "-smp", String(processors), "-m", String(memoryMiB),
            // Without it key generation in the guest waits for the emulated machine to gather chance.
            "-device", "virtio-rng-pci",
            // Without a network card systemd-networkd-wait-online holds the boot for minutes. The card has no boot ROM and
            // nothing behind it.
            "-netdev", "user,id=net,restrict=on", "-device", "virtio-net-pci,netdev=net,romfile=",
            "-chardev", "file,id=console,append=on,path=" + escaped(console), "-serial", "chardev:console",
        ]
        if let firmware {
            arguments += [
                "-drive", "if=pflash,unit=0,format=raw,readonly=on,file=" + escaped(firmware.code),
                "-drive", "if=pflash,unit=1,format=raw,file=" + escaped(firmware.variables),
            ]
        }
        arguments += ["-drive", "if=none,id=medium,format=raw,media=cdrom,readonly=on,file=" + escaped(iso)]
        switch architecture {
        case .amd64: arguments += ["-device", "ide-cd,drive=medium,bootindex=0"]
        case .arm64:
            arguments += ["-device", "virtio-scsi-pci", "-device", "scsi-cd,drive=medium,bootindex=0"]
        }
        // Only the medium: a firmware that finds nothing on it says so at once instead of trying the network.
        return arguments + ["-boot", "strict=on"]
    }

    /// Without graphics, SeaBIOS and so GRUB speak on the serial console, too.
    private var machine: String {
        switch architecture {
        case .amd64: firmware == nil ? "pc,graphics=off" : "q35"
        case .arm64: "virt"
        }
    }

    /// A comma in an option's value is written twice.
    private func escaped(_ path: String) -> String {
        path.split(separator: ",", omittingEmptySubsequences: false).joined(separator: ",,")
    }
}
