extension PackageTables {
    /// What an image needs that starts through GRUB.
    static let bootloader: [PackageRow] = [
        PackageRow(.family(.debian), "kbd lldpd snmpd squashfs-tools"),
        PackageRow(
            .family(.debian), arch: "amd64",
            "shim-signed grub2 grub-efi-amd64-bin grub-efi-amd64-signed grub-pc-bin grub2-common"),
        PackageRow(
            .family(.debian), arch: "arm64", "shim-signed grub-efi-arm64 grub-efi-arm64-bin grub-efi-arm64-signed"),
        PackageRow(.family(.debian), arch: "riscv64", "grub2-common grub-efi-riscv64-bin grub-efi-riscv64"),
        PackageRow(.distro(.ubuntu), "zfsutils-linux"),
        PackageRow(.family(.redhat), "grub2"),
        PackageRow(.family(.redhat), arch: "amd64", "grub2-efi-x64 grub2-efi-x64-modules grub2-pc shim-x64"),
        PackageRow(.family(.redhat), arch: "arm64", "grub2-efi-aa64 grub2-efi-aa64-modules shim-aa64"),
        PackageRow(.family(.redhat), arch: "riscv64", "grub2-efi-riscv64 grub2-efi-riscv64-modules"),
        PackageRow(.family(.alpine), "grub grub-efi"),
        PackageRow(.family(.alpine), arch: "amd64", "grub-bios"),
        PackageRow(.family(.suse), "nethogs iw"),
        PackageRow(.family(.suse), arch: "amd64", "shim grub2-i386-pc grub2-x86_64-efi kernel-firmware-all"),
        PackageRow(
            .family(.suse), arch: "arm64",
            """
            shim bcm43xx-firmware grub2-arm64-efi kernel-firmware-ath10k kernel-firmware-ath11k
            kernel-firmware-atheros kernel-firmware-bluetooth kernel-firmware-brcm kernel-firmware-iwlwifi
            kernel-firmware-network kernel-firmware-realtek kernel-firmware-serial kernel-firmware-usb-network
            """),
        PackageRow(.family(.suse), arch: "riscv64", "grub2-riscv64-efi"),
    ]

    /// What builds the initrd, and what runs in it.
    static let initrd: [PackageRow] = [
        PackageRow(.family(.debian), "dracut dracut-network isc-dhcp-common isc-dhcp-client"),
        PackageRow(.distro(.ubuntu), versions: .atLeast("22.04"), "dracut-live"),
        PackageRow(.distro(.debian), "dracut-live"),
        PackageRow(.family(.redhat), "dracut dracut-live dracut-network dracut-squash squashfs-tools"),
        PackageRow(.family(.redhat), versions: .below("10"), "dhcp-client"),
        PackageRow(.family(.suse), "dracut squashfs dhcp-client"),
    ]

    /// What an image needs that starts as a unified kernel image.
    static let systemdBoot: [PackageRow] = [
        PackageRow(.distro(.ubuntu), arch: "amd64", versions: .atLeast("24.04"), "iucode-tool"),
        PackageRow(.distro(.ubuntu), "systemd"),
        PackageRow(.distro(.ubuntu), versions: .atLeast("24.04"), "kmod linux-base systemd-boot"),
    ]
}
