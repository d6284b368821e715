import FactoryArtifacts
import FactoryProtocol
import Testing

@Suite struct GrubMenuTests {
    private func arguments(
        _ extra: String? = nil, console: String? = nil, model: String = "generic"
    ) throws -> LiveKernelArguments {
        try LiveKernelArguments(architecture: .amd64, model: model, console: console, extra: extra)
    }

    @Test func theFirstEntryIsTheLineThatDracutAndTheAgentKnow() throws {
        let menu = GrubMenu(try arguments(), hasInstaller: true)
        #expect(
            menu.entries[0].arguments
                == "cdroot root=live:CDLABEL=COS_LIVE rd.live.dir=/ rd.live.squashimg=rootfs.squashfs net.ifnames=1 "
                + "console=ttyS0 console=tty1 rd.cos.disable vga=795 nomodeset install-mode selinux=0 "
                + "rd.live.overlay.overlayfs")
    }

    @Test(arguments: [
        (1, "rd.cos.disable vga=795 nomodeset selinux=0"),
        (2, "rd.cos.disable vga=795 nomodeset install-mode-interactive selinux=0"),
        (3, "rd.cos.disable vga=795 nomodeset kairos.remote_recovery_mode selinux=0"),
        (4, "console=tty1 vga=795 nomodeset kairos.boot_live_mode selinux=0"),
        (5, "console=tty0 rd.debug rd.shell rd.cos.disable rd.immucore.debug vga=795"),
    ])
    func everyEntryHasItsOwnWords(_ place: Int, _ words: String) throws {
        let menu = GrubMenu(try arguments(), hasInstaller: true)
        #expect(menu.entries[place].arguments.contains(words))
    }

    @Test func runningFromMemoryIsALevelDown() throws {
        let menu = GrubMenu(try arguments(), hasInstaller: true)
        #expect(menu.memoryEntries.map(\.arguments).joined().contains("kairos.ram kairos.ram.create_partitions"))
        #expect(menu.text.contains("submenu "))
    }

    @Test func anImageWithoutTheAgentPromisesNoInstallation() throws {
        let menu = GrubMenu(try arguments(), hasInstaller: false)
        #expect(menu.entries.count == 2)
        #expect(menu.entries[0].arguments.contains("rd.cos.disable"))
        #expect(!menu.text.contains("install-mode"))
        #expect(!menu.text.contains("submenu"))
    }

    @Test func nomodesetIsForPCsOnly() throws {
        let arm = try LiveKernelArguments(architecture: .arm64, model: "generic", console: nil, extra: nil)
        #expect(!arm.line(entry: "x").contains("nomodeset"))
    }

    @Test func aBoardBringsItsArguments() throws {
        let line = try arguments(model: "nvidia-jetson-thor").line(entry: "x")
        #expect(line.contains("selinux=0 pd_ignore_unused clk_ignore_unused console=ttyUTC0,115200 earlycon="))
    }

    @Test func argumentsOfTheUserComeLastOnOneLine() throws {
        let line = try arguments(" quiet\n  loglevel=3 ").line(entry: "x")
        #expect(line.hasSuffix("rd.live.overlay.overlayfs quiet loglevel=3"))
    }

    @Test func whatGRUBsScriptWouldTakeForItselfIsEscaped() throws {
        let menu = GrubMenu(try arguments("a=$b;c{d}"), hasInstaller: false)
        #expect(menu.text.contains("a=\\$b\\;c\\{d\\}"))
        #expect(menu.text.contains("linux ($root)/boot/kernel cdroot"))
    }

    @Test(arguments: ["dyndbg=\"file x\"", "a='b'", "a\\b", "ü", "a\u{7}b"])
    func argumentsThatGRUBCannotPassOnAreRefused(_ extra: String) {
        let error = #expect(throws: ArtifactsError.self) { try arguments(extra) }
        #expect(error?.code == .badKernelArguments)
    }

    @Test func anotherConsoleReplacesTheUsualOnes() throws {
        let line = try arguments(console: "console=ttyS1,115200").line(entry: "x")
        #expect(line.contains("net.ifnames=1 console=ttyS1,115200 x"))
        #expect(!line.contains("ttyS0"))
    }
}
