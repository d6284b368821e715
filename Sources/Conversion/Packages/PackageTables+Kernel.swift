extension PackageTables {
    /// The kernel of a machine with firmware of the usual kind.
    static let kernels: [PackageRow] =
        debianKernels + oracleKernels + familyKernels
        + [PackageRow(.distro(.ubuntu), arch: "riscv64", "linux-image-generic")]
        + ["amd64", "arm64"].flatMap(ubuntuKernels)

    /// The same for trusted boot.
    static let trustedKernels: [PackageRow] =
        debianKernels.filter { $0.arch != "riscv64" } + oracleKernels + familyKernels
        + [PackageRow(.distro(.ubuntu), "linux-image-generic-hwe-24.04 linux-firmware")]

    /// Kernel and firmware of boards.
    static let modelKernels: [PackageRow] = [
        PackageRow(
            .distro(.debian), arch: "arm64", models: raspberries, "linux-image-arm64 firmware-linux-free raspi-firmware"
        ),
        PackageRow(.distro(.arch), arch: "arm64", models: raspberries, "linux-rpi"),
        PackageRow(.distro(.ubuntu), arch: "arm64", models: raspberries, "linux-raspi"),
        PackageRow(
            .distro(.ubuntu), arch: "arm64", models: raspberries, versions: .only(["20.04"]), "linux-firmware-raspi2"),
        PackageRow(
            .distro(.ubuntu), arch: "arm64", models: raspberries, versions: .only(["22.04"]),
            "linux-firmware-raspi linux-modules-extra-raspi"),
        PackageRow(
            .family(.suse), arch: "arm64", models: raspberries,
            """
            kernel-default raspberrypi-eeprom raspberrypi-firmware raspberrypi-firmware-dt sysconfig
            sysconfig-netconfig sysvinit-tools wireless-tools wpa_supplicant
            """),
        PackageRow(.family(.alpine), arch: "arm64", models: raspberries, "linux-rpi"),
    ]

    private static let raspberries = ["rpi3", "rpi4"]

    private static let debianKernels = ["amd64", "arm64", "riscv64"].map { (arch: String) in
        PackageRow(.distro(.debian), arch: arch, "linux-image-\(arch) firmware-linux-free")
    }

    private static let oracleKernels = [
        PackageRow(.distro(.oracle), arch: "amd64", "kernel kernel-modules kernel-modules-extra"),
        PackageRow(.distro(.oracle), arch: "arm64", "kernel-uek kernel-uek-modules kernel-uek-modules-extra"),
    ]

    private static let familyKernels = [
        PackageRow(.family(.redhat), "kernel kernel-modules kernel-modules-extra"),
        PackageRow(.family(.alpine), "linux-lts"),
        PackageRow(.family(.suse), "kernel-default"),
    ]

    private static func ubuntuKernels(_ arch: String) -> [PackageRow] {
        [
            PackageRow(
                .distro(.ubuntu), arch: arch, versions: .only(["20.04", "22.04", "24.04", "28.04"]),
                "linux-image-generic-hwe-{version}"),
            PackageRow(.distro(.ubuntu), arch: arch, versions: .only(["26.04"]), "linux-image-generic"),
            PackageRow(
                .distro(.ubuntu), arch: arch, versions: .only(["24.10", "25.04", "25.10"]),
                "linux-image-generic-hwe-24.04"),
        ]
    }
}
