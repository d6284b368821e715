/// A path of ours that kairos-init does not make, and why it is there. docs/conversion.md has the same as a table.
struct KnownAddition: Sendable {
    let path: String
    let reason: String

    /// Where the engine writes: the rest of the tree is the packages'.
    static let places = [
        "/boot/", "/system/", "/oem", "/etc/cos/", "/etc/dracut.conf.d/", "/etc/issue.d/", "/etc/kairos",
        "/etc/logrotate.d/", "/etc/ssh/sshd_config.d/", "/etc/systemd/network/", "/etc/systemd/system/",
        "/usr/lib/dracut/modules.d/",
        "/usr/lib/systemd/system-generators/",
    ]

    /// With `components: none`.
    static let all: [KnownAddition] = [
        KnownAddition(path: "/oem", reason: "a mount point: the root file system is read-only when it is mounted over"),
        KnownAddition(path: "/etc/systemd/network/20-dhcp.network", reason: "network of a live system"),
        KnownAddition(path: "/etc/systemd/network/20-dhcp-legacy.network", reason: "network of a live system"),
        KnownAddition(path: "/etc/systemd/system/ssh.service.d", reason: "host keys of a live system"),
        KnownAddition(path: "/etc/systemd/system/ssh.service.d/host-keys.conf", reason: "host keys of a live system"),
        KnownAddition(path: "/usr/lib/systemd/system-generators/live-login", reason: "login of a live system"),
    ]
}
