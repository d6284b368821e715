/// The dracut module that brings Kairos' immucore into the initrd (dracut.modules(7)).
enum ImmucoreModule {
    static let files: [TreeFile] = [
        TreeFile(directory + "/module-setup.sh", mode: 0o755, setup),
        TreeFile(directory + "/generator.sh", mode: 0o755, generator),
        TreeFile(directory + "/immucore.service", unit),
    ]

    private static let directory = "/usr/lib/dracut/modules.d/28immucore"

    private static let setup = #"""
        #!/bin/bash
        # Brings immucore into the initrd: it finds the image to start, mounts it and lays the writable parts over it.

        check() {
            return 0
        }

        depends() {
            echo "rootfs-block dm fs-lib lvm"
        }

        installkernel() {
            instmods overlay
        }

        install() {
            local needed=(
                immucore kairos-agent
                sync udevadm blkid lsblk e2fsck mount umount rsync cryptsetup gawk awk
                mkfs.ext2 mkfs.ext3 mkfs.ext4 mkfs.vfat
            )
            local program
            for program in "${needed[@]}"; do
                if ! inst_multiple "$program"; then
                    dfatal "immucore needs $program, which this system does not have"
                    exit 1
                fi
            done
            inst_multiple -o mkfs.fat
            # gawk opens these by itself.
            inst_libdir_file "libsigsegv.so*" "libmpfr.so*"

            inst_script "$moddir/generator.sh" "$systemdutildir/system-generators/immucore-generator"
            inst_simple "$moddir/immucore.service" "$systemdsystemunitdir/immucore.service"
            mkdir -p "$initdir$systemdsystemunitdir/initrd.target.requires"
            ln_r "$systemdsystemunitdir/immucore.service" \
                "$systemdsystemunitdir/initrd.target.requires/immucore.service"
            dracut_need_initqueue
        }

        """#

    private static let generator = #"""
        #!/bin/sh
        # Gives the mount of the system more time than other mounts, and makes the initrd wait for it.
        set -e
        target=$1
        [ -n "$target" ] || exit 0

        mkdir -p "$target/sysroot.mount.d" "$target/initrd-root-fs.target.wants"
        printf '[Mount]\nTimeoutSec=300\n' > "$target/sysroot.mount.d/timeout.conf"
        if [ ! -e "$target/initrd-root-fs.target.wants/sysroot.mount" ]; then
            ln -s ../sysroot.mount "$target/initrd-root-fs.target.wants/sysroot.mount"
        fi

        """#

    private static let unit = """
        [Unit]
        Description=Mount the Kairos system
        DefaultDependencies=no
        Requires=systemd-udev-settle.service
        After=systemd-udev-settle.service
        Before=initrd-fs.target
        Conflicts=initrd-switch-root.target

        [Service]
        Type=oneshot
        RemainAfterExit=yes
        StandardOutput=journal+console
        ExecStart=/usr/bin/immucore

        """
}
