/// `/etc/cos/bootargs.cfg`: the kernel's command line, put together by GRUB from the image that it is about to start.
enum BootArguments {
    /// What a board adds.
    private struct Board {
        let models: [String]
        let console: String
        var extra = ""
    }

    private static let boards = [
        Board(
            models: ["rpi3", "rpi4"], console: "console=ttyS0,115200",
            extra: "modprobe.blacklist=vc4 8250.nr_uarts=1 cgroup_enable=memory"),
        Board(models: ["nvidia-jetson-agx-orin"], console: "console=ttyTCU0,115200"),
        Board(models: ["nvidia-jetson-orin-nx"], console: "console=ttyTCU0,115200 console=ttyAMA0,115200"),
        Board(
            models: ["nvidia-jetson-thor"],
            console: "console=ttyUTC0,115200 earlycon=tegra_utc,mmio32,0xc5a0000",
            extra: "pd_ignore_unused clk_ignore_unused fbcon=map:0 nospectre_bhb efi=runtime"),
        Board(
            models: ["nvidia-dgx-spark"], console: "console=ttyS0,921600",
            extra: "initcall_blacklist=tegra234_cbb_init pci=pcie_bus_safe iommu.passthrough=0"),
    ]

    static let file = TreeFile("/etc/cos/bootargs.cfg", head + boards.map(section).joined() + tail)

    private static let head = """
        # Read by GRUB with this image as (loop0). The menu that reads it may be older than this image and is never
        # renewed, so the names of kernel and initrd are said here again.
        set kernel=/boot/vmlinuz
        set initramfs=/boot/initrd

        if [ -f (loop0)/etc/os-release ]; then
            source (loop0)/etc/os-release
        fi
        if [ -f (loop0)/etc/kairos-release ]; then
            source (loop0)/etc/kairos-release
        fi

        set board_console="console=ttyS0"
        set board_arguments=

        """

    private static let tail = """

        set base_arguments="console=tty1 net.ifnames=1 rd.cos.oemlabel=COS_OEM rd.cos.oemtimeout=10 panic=5 \
        rd.emergency=reboot rd.shell=0 systemd.crash_reboot=yes"
        set security_arguments="selinux=0"
        if [ "${recoverylabel}" ]; then
            set root_arguments="root=live:LABEL=${recoverylabel} rd.live.dir=/ rd.live.squashimg=${img}"
        else
            set root_arguments="root=LABEL=${label} cos-img/filename=${img}"
        fi
        set kernelcmd="${board_console} ${base_arguments} ${root_arguments} ${security_arguments} ${board_arguments}"

        """

    /// One test a model: GRUB's shell has no `||` between commands.
    private static func section(_ board: Board) -> String {
        board.models.map { "if [ \"${KAIROS_MODEL}\" = \"\($0)\" ]; then\n\(assignments(board))fi\n" }.joined()
    }

    private static func assignments(_ board: Board) -> String {
        "    set board_console=\"\(board.console)\"\n"
            + (board.extra.isEmpty ? "" : "    set board_arguments=\"\(board.extra)\"\n")
    }
}
