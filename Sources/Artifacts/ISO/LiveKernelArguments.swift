package import FactoryProtocol

/// The kernel command line of a live medium. dracut's live module, immucore and the Kairos agent read these words and
/// their order is the one they have always had; only what stands between them is ours to choose.
package struct LiveKernelArguments: Sendable, Equatable {
    package static let defaultConsole = "console=ttyS0 console=tty1"

    /// The `console=` arguments; systemd's own lines go to the last one.
    package var console: String
    /// Arguments that a user adds at the end.
    package var extra: String
    package var architecture: Architecture
    /// The board that the image is for, as in `KAIROS_MODEL`.
    package var model: String

    /// - Throws: `bad-kernel-arguments` when GRUB could not pass `console` or `extra` on unchanged.
    package init(architecture: Architecture, model: String, console: String?, extra: String?) throws(ArtifactsError) {
        self.architecture = architecture
        self.model = model
        self.console = try LiveKernelArguments.checked(console ?? LiveKernelArguments.defaultConsole)
        self.extra = try LiveKernelArguments.checked(extra ?? "")
    }

    /// The whole line for one menu entry: what the entry adds before the video mode, what tells the agent how to install,
    /// if it should, and what stands in for the usual consoles in the entry for debugging.
    package func line(entry: String, install: String = "", console override: String? = nil) -> String {
        let words =
            [
                "cdroot", "root=live:CDLABEL=" + ISOPlan.volumeID, "rd.live.dir=/",
                "rd.live.squashimg=" + ISOPlan.squashName, "net.ifnames=1", override ?? console, entry, "vga=795",
                architecture == .amd64 ? "nomodeset" : "", install, "selinux=0",
            ] + boardArguments + ["rd.live.overlay.overlayfs", extra]
        return words.filter { !$0.isEmpty }.joined(separator: " ")
    }

    private var boardArguments: [String] {
        guard model == "nvidia-jetson-thor" else { return [] }
        return [
            "pd_ignore_unused", "clk_ignore_unused", "console=ttyUTC0,115200",
            "earlycon=tegra_utc,mmio32,0xc5a0000",
        ]
    }

    /// Line breaks become blanks. Quotes and backslashes are refused: GRUB 2.06 puts a backslash before each of them on
    /// the way to the kernel (`grub_create_loader_cmdline`), so they cannot arrive as they were written.
    private static func checked(_ arguments: String) throws(ArtifactsError) -> String {
        for byte in arguments.utf8 {
            let isBlank = byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
            guard isBlank || (0x21...0x7E).contains(byte), ![0x22, 0x27, 0x5C].contains(byte) else {
                throw ArtifactsError(
                    .badKernelArguments,
                    "kernel arguments \"\(arguments)\" hold a quote, a backslash or a character that is not "
                        + "printable ASCII; GRUB cannot pass those on")
            }
        }
        return arguments.split { $0 == " " || $0 == "\t" || $0 == "\n" || $0 == "\r" || $0 == "\r\n" }
            .joined(separator: " ")
    }
}
