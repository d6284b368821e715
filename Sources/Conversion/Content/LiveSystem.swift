/// What an image without Kairos' programs needs to be of use when booted live: a network, a shell on its consoles,
/// and SSH host keys of its own. With Kairos' programs its cloud configurations do this at boot.
enum LiveSystem {
    static let files = [
        network(name: "20-dhcp", interfaces: "en*"),
        network(name: "20-dhcp-legacy", interfaces: "eth*"),
        TreeFile("/usr/lib/systemd/system-generators/live-login", mode: 0o755, loginGenerator),
        hostKeys,
    ]

    private static func network(name: String, interfaces: String) -> TreeFile {
        TreeFile(
            "/etc/systemd/network/\(name).network",
            """
            [Match]
            Name=\(interfaces)

            [Network]
            DHCP=yes

            [DHCPv4]
            ClientIdentifier=mac

            """)
    }

    /// The first check of the unit fails without keys, so they are made before it. Debian 13's own `sshd-keygen.service`
    /// only works on a first boot (ConditionFirstBoot=), which a system with an empty /etc/machine-id never sees
    /// (machine-id(5), "First Boot Semantics").
    private static let hostKeys = TreeFile(
        "/etc/systemd/system/ssh.service.d/host-keys.conf",
        """
        # The image carries no host keys: every machine makes its own when the server first starts.
        [Service]
        ExecStartPre=
        ExecStartPre=/usr/bin/ssh-keygen -A
        ExecStartPre=/usr/sbin/sshd -t

        """)

    /// A generator (systemd.generator(7)), because a drop-in takes no condition: a `Condition…=` line in it would keep
    /// the whole unit from starting. It looks for the live medium itself and not for `root=live:`, with which the
    /// squashfs recovery of an installed system starts too.
    private static let loginGenerator = #"""
        #!/bin/sh
        # Logs root in on the first screen and on the first serial line when this system was started from its live
        # medium, and never otherwise.
        set -e
        target=$1
        [ -n "$target" ] || exit 0

        live=no
        for word in $(cat /proc/cmdline); do
            case "$word" in
                root=live:CDLABEL=COS_LIVE) live=yes ;;
            esac
        done
        [ "$live" = yes ] || exit 0

        for unit in getty@tty1.service serial-getty@ttyS0.service; do
            mkdir -p "$target/$unit.d"
            {
                echo '[Service]'
                echo 'ExecStart='
                case "$unit" in
                    serial-getty@*)
                        echo 'ExecStart=-/sbin/agetty --autologin root --keep-baud 115200,57600,38400,9600 - $TERM' ;;
                    *)
                        echo 'ExecStart=-/sbin/agetty --autologin root --noclear - $TERM' ;;
                esac
            } > "$target/$unit.d/live-login.conf"
        done

        """#
}
