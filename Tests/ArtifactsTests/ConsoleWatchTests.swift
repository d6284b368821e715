import FactoryArtifacts
import Testing

/// Excerpts of real consoles (QEMU 7.2; SeaBIOS, OVMF, GRUB 2.06, Debian 12), and what they mean.
@Suite struct ConsoleWatchTests {
    private static let panicOfTheKernel = """
        Linux version 6.1.0-56-amd64 (debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14+deb12u1) 12.2.0)
        [    1.996818] Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000100
        [    1.996818] Hardware name: QEMU Standard PC (i440FX + PIIX, 1996), BIOS 1.16.2-debian-1.16.2-1 04/01/2014
        """
    private static let panicForTheRoot = """
        [    0.000000] Linux version 6.1.0-56-amd64 (debian-kernel@lists.debian.org)
        [    1.931021] List of all partitions:
        [    1.996818] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)
        """
    private static let dracutGivesUp = """
        [    0.000000] Linux version 6.1.0-56-amd64 (debian-kernel@lists.debian.org)
        [    9.901657] systemd[1]: Running in initrd.
        [   78.239675] dracut-initqueue[485]: Warning: dracut-initqueue: timeout, still waiting for following initqueue hooks:
        [   78.341785] dracut-initqueue[485]: Warning: /lib/dracut/hooks/initqueue/finished/devexists-\\x2fdev\\x2froot.sh: "[ -e "/dev/root" ]"
        [   79.551205] dracut-initqueue[485]: Warning: dracut-initqueue: starting timeout scripts
        [   79.557412] dracut-initqueue[485]: Warning: Could not boot.
        Starting dracut-emergency.service - Dracut Emergency Shell...
        """
    private static let emergency = """
        [    0.000000] Linux version 6.1.0-56-amd64 (debian-kernel@lists.debian.org)
        [   55.275550] systemd[1]: Started systemd-journald.service - Journal Service.
        [  OK  ] Started systemd-journald.service - Journal Service.
        You are in emergency mode. After logging in, type "journalctl -xb" to view
        system logs, "systemctl reboot" to reboot, "systemctl default" or "exit"
        """
    private static let noDiskForSeaBIOS = """
        SeaBIOS (version 1.16.2-debian-1.16.2-1)
        Booting from DVD/CD...
        Boot failed: Could not read from CDROM (code 0003)
        No bootable device.
        """
    private static let noDiskForOVMF = """
        BdsDxe: failed to load Boot0001 "UEFI QEMU DVD-ROM QM00001 " from PciRoot(0x0)/Pci(0x1F,0x2)/Sata(0x0,0xFFFF,0x0): Not Found
        BdsDxe: No bootable option or device was found.
        BdsDxe: Press any key to enter the Boot Manager Menu.
        """
    private static let grubWithoutAKernel = """
        Welcome to GRUB!
        error: file `/boot/kernel' not found.
        """

    @Test(arguments: [
        (panicOfTheKernel, BootOutcome.Cause.kernelPanic), (panicForTheRoot, .rootNotFound),
        (dracutGivesUp, .rootNotFound), (emergency, .emergencyShell), (noDiskForSeaBIOS, .noBootLoader),
        (noDiskForOVMF, .noBootLoader), (grubWithoutAKernel, .bootLoaderError),
    ])
    func aFailureHasItsName(_ console: String, _ cause: BootOutcome.Cause) {
        #expect(outcome(of: console) == .failed(cause))
    }

    @Test(arguments: [
        ("[  OK  ] Reached target multi-user.target - Multi-User System.", BootOutcome.Proof.defaultTarget),
        ("[   61.1] systemd[1]: Reached target graphical.target - Graphical Interface.", .defaultTarget),
        ("[  OK  ] Reached target Multi-User System.", .defaultTarget), ("kairos-x3f2 login:", .loginPrompt),
        ("kairos-x3f2 login: root (automatic login)", .loginPrompt),
    ])
    func aSystemThatIsUpIsSeen(_ line: String, _ proof: BootOutcome.Proof) {
        #expect(outcome(of: line) == .passed(proof))
    }

    @Test(arguments: [
        "[   12.5] systemd[1]: Reached target initrd-root-device.target - Initrd Root Device.",
        "[  OK  ] Reached target network.target - Network.", "Last login: Wed Nov 25 02:45:50 UTC 2026 on ttyS0",
        "[   31.6] systemd[1]: Starting systemd-logind.service - User Login Management...",
    ])
    func ordinaryLinesDecideNothing(_ line: String) {
        #expect(outcome(of: line) == nil)
    }

    @Test func aPromptCountsBeforeItsLineEnds() {
        var watch = ConsoleWatch()
        #expect(watch.unfinished("vm login:") == .outcome(.passed(.loginPrompt)))
        #expect(watch.stage == .up)
    }

    @Test(arguments: [
        ("grub>", BootOutcome.Cause.bootLoaderError), ("grub rescue>", .bootLoaderError), ("Shell>", .noBootLoader),
    ])
    func aBootLoadersOwnPromptIsAFailure(_ prompt: String, _ cause: BootOutcome.Cause) {
        var watch = ConsoleWatch()
        #expect(watch.unfinished(prompt) == .outcome(.failed(cause)))
    }

    @Test func theStagesComeInOrderAndOnce() {
        var watch = ConsoleWatch()
        let lines = [
            "SeaBIOS (version 1.16.2-debian-1.16.2-1)", "Welcome to GRUB!", "GNU GRUB  version 2.06-13+deb12u2",
            "[    0.000000] Linux version 6.1.0-56-amd64 (debian-kernel@lists.debian.org)",
            "[    9.887295] systemd[1]: systemd 252.39-1~deb12u2 running in system mode (+PAM +AUDIT)",
            "[    9.901657] systemd[1]: Running in initrd.",
            "[   46.754143] systemd[1]: systemd 252.39-1~deb12u2 running in system mode (+PAM +AUDIT)",
            "vm login: root (automatic login)",
        ]
        let events = lines.compactMap { watch.line($0) }
        #expect(
            events == [
                .stage(.bootLoader), .stage(.kernel), .stage(.initrd), .stage(.system),
                .outcome(.passed(.loginPrompt)),
            ])
    }

    @Test func aSlowRootThatTurnsUpIsForgiven() {
        var watch = ConsoleWatch()
        for line in [
            "Linux version 6.1", "systemd[1]: Running in initrd.",
            "dracut-initqueue[1]: Warning: dracut-initqueue: timeout, still waiting for following initqueue hooks:",
            "systemd[1]: systemd 252 running in system mode (+PAM)",
        ] {
            _ = watch.line(line)
        }
        #expect(watch.timeOver() == .outcome(.failed(.timeOut)))
    }

    @Test func theFirstOutcomeStands() {
        var watch = ConsoleWatch()
        _ = watch.line("[    2.0] Kernel panic - not syncing: Attempted to kill init!")
        #expect(watch.line("vm login: root (automatic login)") == nil)
        #expect(watch.timeOver() == nil)
        #expect(watch.machineEnded(cleanly: true) == nil)
        #expect(watch.outcome == .failed(.kernelPanic))
    }

    @Test func theEndsWithoutAWordHaveNamesToo() {
        var late = ConsoleWatch()
        #expect(late.timeOver() == .outcome(.failed(.timeOut)))
        var reset = ConsoleWatch()
        #expect(reset.machineEnded(cleanly: true) == .outcome(.failed(.machineStopped)))
        var dead = ConsoleWatch()
        #expect(dead.machineEnded(cleanly: false) == .outcome(.failed(.qemuDied)))
    }

    @Test func theExcerptIsTheLastSixtyLines() {
        var watch = ConsoleWatch()
        for number in 1...100 { _ = watch.line("line \(number)") }
        #expect(watch.excerpt.count == 60)
        #expect(watch.excerpt.first == "line 41")
        #expect(watch.excerpt.last == "line 100")
    }

    private func outcome(of console: String) -> BootOutcome? {
        var watch = ConsoleWatch()
        for line in console.split(separator: "\n") { _ = watch.line(String(line)) }
        return watch.outcome
    }
}
