/// The files of `/etc/dracut.conf.d` (dracut.conf(5)), and what of them depends on the components.
enum DracutConfiguration {
    /// Drivers for systems that start from memory: an ISO over HTTP boot is a pmem device.
    static let memoryDrivers = ["dax_pmem", "libnvdimm", "nd_pmem", "nfit"]
    /// The USB controller behind the virtual media of many management boards.
    static let usbDrivers = ["xhci_pci_renesas"]

    static let memoryDriversPath = directory + "/kairos-pmem.conf"
    static let usbDriversPath = directory + "/kairos-xhci-renesas.conf"

    /// The compressor: zstd level 3 on all cores makes an initrd a third larger than xz does, in a fortieth of the
    /// time, and one that unpacks ten times as fast at every start.
    static let compressor = "zstd -3 -T0 -q"

    /// The module sets for Debian, whose table does not depend on the version.
    static func files(withImmucore: Bool) -> [TreeFile] {
        [
            TreeFile(directory + "/kairos-sysext.conf", add("systemd-sysext")),
            TreeFile(directory + "/kairos-network.conf", add("systemd-networkd", "network-legacy")),
            TreeFile(
                directory + "/99-immucore.conf",
                """
                # The same initrd for every machine, with what starts live media and images.
                hostonly="no"
                hostonly_cmdline="no"
                compress="\(compressor)"
                i18n_install_all="yes"
                show_modules="yes"
                install_items+=" /etc/hosts "
                \(add(["livenet", "dmsquash-live"] + (withImmucore ? ["immucore"] : []) + ["network"]))
                """),
            TreeFile(
                directory + "/kairos-multipath.conf",
                """
                \(add("multipath"))\
                # What multipathd loads when it starts. dracut looks for it beside the other libraries, where Debian has none.
                install_optional_items+=" /usr/lib/multipath/*.so "

                """),
        ]
    }

    /// The text of a file that adds drivers; a comment alone when there are none.
    static func drivers(_ names: [String]) -> String {
        names.isEmpty
            ? "# This kernel has none of these drivers as a module.\n"
            : "add_drivers+=\" \(names.joined(separator: " ")) \"\n"
    }

    private static let directory = "/etc/dracut.conf.d"

    private static func add(_ modules: String...) -> String { add(modules) }

    /// The blanks within the quotes are part of the syntax.
    private static func add(_ modules: [String]) -> String {
        "add_dracutmodules+=\" \(modules.joined(separator: " ")) \"\n"
    }
}
