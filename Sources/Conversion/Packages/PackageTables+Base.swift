extension PackageTables {
    /// On every distribution.
    static let common: [PackageRow] = [
        PackageRow(
            .every,
            """
            file gawk iptables less nano sudo tar zstd rsync lvm2 jq dosfstools e2fsprogs logrotate
            """)
    ]

    /// What a Kairos system needs in use.
    static let base: [PackageRow] = [
        PackageRow(
            .family(.debian),
            """
            ca-certificates curl binutils conntrack console-setup coreutils cryptsetup debianutils ethtool fuse3
            fail2ban gnupg gnupg1-l10n haveged iproute2 iptables iputils-ping krb5-locales libatm1 libglib2.0-data
            libgpm2 libldap-common libnss-systemd libpam-cap libsasl2-modules mdadm nbd-client ncurses-term neovim
            nfs-common nfs-client nftables open-iscsi openssh-server os-prober pigz pkg-config psmisc publicsuffix
            shared-mime-info systemd systemd-timesyncd systemd-sysv xauth xclip xdg-user-dirs xxd xz-utils zerofree
            """),
        PackageRow(.distro(.debian), "systemd-resolved polkitd multipath-tools multipath-tools-boot"),
        PackageRow(.distro(.debian), versions: .atLeast("13"), "systemd-cryptsetup"),
        PackageRow(
            .distro(.ubuntu),
            """
            conntrack console-data gettext systemd-container ubuntu-advantage-tools tpm2-tools dmsetup
            networkd-dispatcher publicsuffix xdg-user-dirs zfsutils-linux
            """),
        PackageRow(.distro(.ubuntu), versions: .below("26.04"), "packagekit-tools"),
        PackageRow(.distro(.ubuntu), versions: .atLeast("26.04"), "packagekit"),
        PackageRow(.distro(.ubuntu), versions: .atLeast("22.04"), "multipath-tools"),
        PackageRow(.distro(.ubuntu), versions: .atLeast("24.04"), "systemd-resolved"),
        PackageRow(.distro(.ubuntu), versions: .atLeast("25.10"), "systemd-cryptsetup"),
        PackageRow(
            .family(.suse),
            """
            curl bash-completion conntrack-tools cryptsetup coreutils device-mapper fail2ban findutils haveged htop
            iproute2 iputils lsscsi mdadm multipath-tools nfs-client open-iscsi openssh pigz polkit procps
            qemu-guest-agent strace systemd timezone tmux vim which
            """),
        PackageRow(.family(.suse), versions: .except(["5.4", "5.5"]), "systemd-networkd systemd-resolved"),
        PackageRow(.family(.suse), arch: "amd64", "open-vm-tools tpm2.0-tools tpm2-0-tss"),
        PackageRow(.family(.suse), arch: "arm64", "open-vm-tools"),
        PackageRow(.distro(.openSUSELeap), "issue-generator"),
        PackageRow(.distro(.sles), "issue-generator"),
        PackageRow(
            .family(.alpine),
            """
            curl bash bash-completion blkid bonding bridge busybox-openrc ca-certificates connman conntrack-tools
            coreutils cryptsetup device-mapper-udev dbus dmidecode dosfstools e2fsprogs e2fsprogs-extra efibootmgr
            eudev eudev-hwids fail2ban findutils findmnt gcompat gettext haveged htop hvtools iproute2 irqbalance
            iscsi-scst kbd-bkeymaps libc6-compat libusb lm-sensors logrotate lsscsi lvm2-extra mdadm mdadm-misc
            mdadm-udev multipath-tools ncurses ncurses-terminfo nfs-utils open-iscsi openrc openssh-client
            openssh-server open-vm-tools open-vm-tools-deploypkg open-vm-tools-guestinfo open-vm-tools-static
            open-vm-tools-vmbackup procps qemu-guest-agent rbd-nbd smartmontools squashfs-tools strace tzdata
            util-linux vim which wireguard-tools wpa_supplicant xfsprogs xfsprogs-extra xz
            """),
        PackageRow(
            .family(.redhat),
            """
            audit chrony cracklib-dicts device-mapper device-mapper-multipath iproute nfs-utils NetworkManager
            nmstate openssh-server openssh-clients polkit qemu-guest-agent systemd which cryptsetup tpm2-tss xz
            """),
        PackageRow(.family(.redhat), versions: .atLeast("9.0"), "systemd-resolved"),
        PackageRow(.distro(.fedora), "fail2ban haveged"),
    ]
}
