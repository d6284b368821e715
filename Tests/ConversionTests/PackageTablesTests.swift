import FactoryConversion
import Testing

/// The package lists that kairos-init 0.17.3 resolves, as its documentation of them counts.
struct PackageTablesTests {
    struct Vector: Sendable, CustomTestStringConvertible {
        let distro: Distro
        let version: String
        let arch: String
        var model = "generic"
        var trusted = false
        let count: Int
        let kernel: String
        var testDescription: String { "\(distro.rawValue) \(version) \(arch) \(model)\(trusted ? " trusted" : "")" }
    }

    static let vectors: [Vector] = [
        Vector(distro: .ubuntu, version: "20.04", arch: "amd64", count: 85, kernel: "linux-image-generic-hwe-20.04"),
        Vector(distro: .ubuntu, version: "22.04", arch: "amd64", count: 87, kernel: "linux-image-generic-hwe-22.04"),
        Vector(distro: .ubuntu, version: "24.04", arch: "amd64", count: 88, kernel: "linux-image-generic-hwe-24.04"),
        Vector(
            distro: .ubuntu, version: "24.04", arch: "amd64", trusted: true, count: 77,
            kernel: "linux-firmware linux-image-generic-hwe-24.04"),
        Vector(distro: .ubuntu, version: "24.04", arch: "arm64", count: 86, kernel: "linux-image-generic-hwe-24.04"),
        Vector(
            distro: .ubuntu, version: "24.04", arch: "arm64", trusted: true, count: 76,
            kernel: "linux-firmware linux-image-generic-hwe-24.04"),
        Vector(distro: .ubuntu, version: "24.04", arch: "riscv64", count: 85, kernel: "linux-image-generic"),
        Vector(distro: .ubuntu, version: "25.10", arch: "amd64", count: 89, kernel: "linux-image-generic-hwe-24.04"),
        Vector(
            distro: .ubuntu, version: "25.10", arch: "amd64", trusted: true, count: 78,
            kernel: "linux-firmware linux-image-generic-hwe-24.04"),
        Vector(distro: .ubuntu, version: "26.04", arch: "amd64", count: 89, kernel: "linux-image-generic"),
        Vector(
            distro: .ubuntu, version: "26.04", arch: "amd64", trusted: true, count: 78,
            kernel: "linux-firmware linux-image-generic-hwe-24.04"),
        Vector(
            distro: .ubuntu, version: "22.04", arch: "arm64", model: "rpi4", count: 85,
            kernel: "linux-firmware-raspi linux-modules-extra-raspi linux-raspi"),
        Vector(distro: .ubuntu, version: "24.04", arch: "arm64", model: "rpi4", count: 86, kernel: "linux-raspi"),
        Vector(
            distro: .debian, version: "12", arch: "amd64", count: 81, kernel: "firmware-linux-free linux-image-amd64"),
        Vector(
            distro: .debian, version: "13", arch: "amd64", count: 82, kernel: "firmware-linux-free linux-image-amd64"),
        Vector(
            distro: .debian, version: "13", arch: "amd64", trusted: true, count: 67,
            kernel: "firmware-linux-free linux-image-amd64"),
        Vector(
            distro: .debian, version: "13", arch: "arm64", count: 80, kernel: "firmware-linux-free linux-image-arm64"),
        Vector(
            distro: .debian, version: "13", arch: "arm64", model: "rpi4", count: 80,
            kernel: "firmware-linux-free linux-image-arm64 raspi-firmware"),
        Vector(
            distro: .debian, version: "13", arch: "riscv64", count: 79,
            kernel: "firmware-linux-free linux-image-riscv64"),
        Vector(
            distro: .fedora, version: "42", arch: "amd64", count: 45,
            kernel: "kernel kernel-modules kernel-modules-extra"),
        Vector(
            distro: .fedora, version: "42", arch: "amd64", trusted: true, count: 35,
            kernel: "kernel kernel-modules kernel-modules-extra"),
        Vector(
            distro: .rocky, version: "9.6", arch: "amd64", count: 44,
            kernel: "kernel kernel-modules kernel-modules-extra"),
        Vector(
            distro: .almalinux, version: "10.0", arch: "arm64", count: 42,
            kernel: "kernel kernel-modules kernel-modules-extra"),
        Vector(
            distro: .rhel, version: "8.10", arch: "amd64", count: 43,
            kernel: "kernel kernel-modules kernel-modules-extra"),
        Vector(
            distro: .oracle, version: "10.0", arch: "arm64", count: 42,
            kernel: "kernel-uek kernel-uek-modules kernel-uek-modules-extra"),
        Vector(distro: .openSUSELeap, version: "15.6", arch: "amd64", count: 57, kernel: "kernel-default"),
        Vector(distro: .openSUSETumbleweed, version: "20260801", arch: "arm64", count: 63, kernel: "kernel-default"),
        Vector(distro: .sles, version: "15.7", arch: "amd64", count: 57, kernel: "kernel-default"),
        Vector(distro: .sleMicroRancher, version: "5.4", arch: "amd64", count: 54, kernel: "kernel-default"),
        Vector(distro: .alpine, version: "3.21", arch: "amd64", count: 84, kernel: "linux-lts"),
        Vector(distro: .alpine, version: "3.21", arch: "arm64", model: "rpi4", count: 83, kernel: "linux-rpi"),
        Vector(distro: .arch, version: "20260801", arch: "amd64", count: 14, kernel: ""),
    ]

    @Test("resolves to as many packages, and the same kernel, as kairos-init", arguments: vectors)
    func counts(vector: Vector) {
        let query = PackageQuery(
            distro: vector.distro, version: vector.version, arch: vector.arch, model: vector.model,
            trustedBoot: vector.trusted)
        #expect(PackageTables.base(for: query).count == vector.count)
        #expect(PackageTables.kernel(for: query).joined(separator: " ") == vector.kernel)
    }

    @Test func debian13IsTheListOfKairosInit() {
        let list = PackageTables.base(for: PackageQuery(distro: .debian, version: "13", arch: "amd64"))
        #expect(
            list.joined(separator: " ") == """
                binutils ca-certificates conntrack console-setup coreutils cryptsetup curl debianutils dosfstools dracut \
                dracut-live dracut-network e2fsprogs ethtool fail2ban file fuse3 gawk gnupg gnupg1-l10n \
                grub-efi-amd64-bin grub-efi-amd64-signed grub-pc-bin grub2 grub2-common haveged iproute2 iptables \
                iputils-ping isc-dhcp-client isc-dhcp-common jq kbd krb5-locales less libatm1 libglib2.0-data libgpm2 \
                libldap-common libnss-systemd libpam-cap libsasl2-modules lldpd logrotate lvm2 mdadm multipath-tools \
                multipath-tools-boot nano nbd-client ncurses-term neovim nfs-client nfs-common nftables open-iscsi \
                openssh-server os-prober pigz pkg-config polkitd psmisc publicsuffix rsync shared-mime-info shim-signed \
                snmpd squashfs-tools sudo systemd systemd-cryptsetup systemd-resolved systemd-sysv systemd-timesyncd tar \
                xauth xclip xdg-user-dirs xxd xz-utils zerofree zstd
                """)
    }

    @Test func debian12DiffersFrom13ByOnePackage() {
        let twelve = Set(PackageTables.base(for: PackageQuery(distro: .debian, version: "12", arch: "amd64")))
        let thirteen = Set(PackageTables.base(for: PackageQuery(distro: .debian, version: "13", arch: "amd64")))
        #expect(twelve.symmetricDifference(thirteen) == ["systemd-cryptsetup"])
    }
}
