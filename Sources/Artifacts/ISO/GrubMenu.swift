/// GRUB's configuration on a live medium: the menu, and the small file that leads to it.
package struct GrubMenu: Sendable, Equatable {
    /// One line of the menu.
    package struct Entry: Sendable, Equatable {
        package var title: String
        /// The kernel's command line.
        package var arguments: String
    }

    /// The path of the menu on the medium: configuration tools look for it there.
    package static let path = "/boot/grub2/grub.cfg"

    /// The entries of the first level; the first one starts by itself.
    package var entries: [Entry]
    /// Entries one level down, for running from memory; empty leaves the level out.
    package var memoryEntries: [Entry]
    /// Seconds until the first entry starts.
    package var timeout = 10

    /// The menu of an image. Without the Kairos agent in it, the installer, the entries that only the agent or immucore
    /// act upon are left out: they would start the same live system under a promise.
    package init(_ arguments: LiveKernelArguments, hasInstaller: Bool) {
        let live = Entry(
            title: hasInstaller ? "Live system, no automatic installation" : "Live system",
            arguments: arguments.line(entry: "rd.cos.disable"))
        let debug = Entry(
            title: "Live system with debug messages on the screen",
            arguments: arguments.line(
                entry: "rd.debug rd.shell rd.cos.disable rd.immucore.debug", console: "console=tty0"))
        guard hasInstaller else {
            entries = [live, debug]
            memoryEntries = []
            return
        }
        entries = [
            Entry(
                title: "Install, as the cloud config says",
                arguments: arguments.line(entry: "rd.cos.disable", install: "install-mode")),
            live,
            Entry(
                title: "Install, asking questions",
                arguments: arguments.line(entry: "rd.cos.disable", install: "install-mode-interactive")),
            Entry(
                title: "Remote recovery",
                arguments: arguments.line(entry: "rd.cos.disable", install: "kairos.remote_recovery_mode")),
            Entry(
                title: "Run this machine's own node from this medium",
                arguments: arguments.line(entry: "", install: "kairos.boot_live_mode")),
            debug,
        ]
        memoryEntries = [
            Entry(
                title: "Run from memory, and make the missing partitions",
                arguments: arguments.line(entry: "kairos.ram kairos.ram.create_partitions"))
        ]
    }

    /// The text of `grub.cfg`.
    package var text: String {
        var lines = [
            "search --no-floppy --file --set=root /boot/kernel",
            "set default=0",
            "set timeout=\(timeout)",
            "set timeout_style=menu",
            "",
        ]
        lines += entries.flatMap { GrubMenu.lines(of: $0, indent: "") }
        if !memoryEntries.isEmpty {
            lines += ["submenu \"Run from memory\" --class os --unrestricted {"]
            lines += memoryEntries.flatMap { GrubMenu.lines(of: $0, indent: "    ") }
            lines += ["}"]
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The file that GRUB finds first, on the ESP and in the ISO's root: it looks for the medium that holds the kernel
    /// and goes on with the menu there. Started as a CD, `$root` is the medium already; from a USB stick it is the ESP.
    package static let chain = """
        if [ ! -f ($root)/boot/kernel ]; then
            search --no-floppy --label --set=root COS_LIVE
        fi
        set prefix=($root)/boot/grub2
        configfile ($root)/boot/grub2/grub.cfg

        """

    private static func lines(of entry: Entry, indent: String) -> [String] {
        [
            "menuentry \"\(entry.title)\" --class os --unrestricted {",
            "    echo \"Loading the kernel\"",
            "    linux ($root)/boot/kernel \(escaped(entry.arguments))",
            "    echo \"Loading the initrd\"",
            "    initrd ($root)/boot/initrd",
            "}",
        ].map { indent + $0 }
    }

    /// A backslash before what GRUB's script language would take for itself.
    private static func escaped(_ arguments: String) -> String {
        arguments.map { "${}|&;<>#*?[]~!".contains($0) ? "\\\($0)" : String($0) }.joined()
    }
}
