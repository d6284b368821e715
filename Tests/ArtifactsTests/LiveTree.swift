import FactoryArtifacts
import Glibc
import IO
import Processes

/// A Debian 12 that boots live: the smallest set of packages from which an ISO can be made.
enum LiveTree {
    private static let packages = [
        "linux-image-amd64", "dracut", "dracut-live", "systemd-sysv", "udev", "dbus", "kmod", "grub-pc-bin",
        "grub-common", "grub-efi-amd64-signed", "shim-signed", "zstd", "iproute2",
    ]

    /// The tree that FACTORY_TEST_TREE names, or a new one under /var/tmp that stays for the next run.
    static func make() async throws -> ImageTree {
        if let given = getenv("FACTORY_TEST_TREE") { return ImageTree(root: String(cString: given)) }
        let root = "/var/tmp/factory-test-live-tree"
        if try FileIO.status(root + "/etc/kairos-release") != nil { return ImageTree(root: root) }
        var environment = Command.plainEnvironment
        environment["INITRD"] = "No"
        let mmdebstrap = Command(
            "mmdebstrap",
            [
                "--variant=minbase", "--include=" + packages.joined(separator: ","),
                // The kernel of a boot check needs an initrd, and a system that asks who is there.
                "--customize-hook=chroot \"$1\" sh -c 'dracut --force --no-hostonly --reproducible --compress zstd "
                    + "--add dmsquash-live /boot/initrd $(ls /lib/modules)'",
                "--customize-hook=rm -f \"$1\"/boot/initrd.img-*",
                "--customize-hook=printf '\(release)' > \"$1/etc/kairos-release\"",
                "bookworm", root,
            ], environment: environment)
        try await mmdebstrap.runSuccessfully(until: .in(.seconds(900))) { print("mmdebstrap:", $0.text) }
        return ImageTree(root: root)
    }

    /// `printf`'s own escapes; without the `%` that it would read.
    private static let release = Fixtures.kairosRelease.split(separator: "\n").joined(separator: "\\n") + "\\n"
}
