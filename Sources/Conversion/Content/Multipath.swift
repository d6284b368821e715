/// When the daemon for disks with several paths starts. Debian starts it everywhere, and it fails where there is none.
enum Multipath {
    static let files = ["multipathd.service", "multipathd.socket"].map { unit in
        TreeFile(
            "/etc/systemd/system/\(unit).d/only-with-multipath.conf",
            """
            # Only where somebody has set multipath up: by its configuration, by a disk that is known for several paths,
            # or on the kernel's command line.
            [Unit]
            ConditionPathExists=|/etc/multipath.conf
            ConditionPathExistsGlob=|/etc/multipath/conf.d/*.conf
            ConditionPathExists=|/etc/multipath/wwids
            ConditionKernelCommandLine=|rd.multipath
            ConditionKernelCommandLine=|multipath

            """)
    }
}
