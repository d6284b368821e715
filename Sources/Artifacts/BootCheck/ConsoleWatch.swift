/// Reads the lines of a booting machine's console and says how the boot goes.
///
/// A pure machine: lines, the end of the machine and the end of the time go in; stage changes and the outcome come out.
/// The first outcome stands.
package struct ConsoleWatch: Sendable {
    /// How many lines a failure shows.
    package static let excerptLength = 60

    /// What a line meant.
    package enum Event: Sendable, Equatable {
        /// The boot came further.
        case stage(BootStage)
        /// It is decided. After a failure more lines are worth reading for a moment: the kernel's own account of a panic
        /// follows the word.
        case outcome(BootOutcome)
    }

    /// How far the boot has come.
    package private(set) var stage = BootStage.firmware
    /// The outcome, once there is one.
    package private(set) var outcome: BootOutcome?
    private var lastLines: [String] = []
    /// Something said earlier that a later failure is the consequence of.
    private var suspicion: BootOutcome.Cause?

    package init() {}

    /// The last lines of the console, oldest first.
    package var excerpt: [String] { lastLines }

    /// Takes a whole line.
    package mutating func line(_ text: String) -> Event? {
        lastLines.append(text)
        if lastLines.count > ConsoleWatch.excerptLength { lastLines.removeFirst() }
        guard outcome == nil else { return nil }
        if let found = decide(text) { return settle(found) }
        guard let next = BootStage.shown(by: text, after: stage) else { return nil }
        stage = next
        // Who came this far has got over it.
        if next == .kernel || next == .system { suspicion = nil }
        return .stage(next)
    }

    /// Looks at a line that has begun and not ended: prompts wait there for an answer.
    package mutating func unfinished(_ text: String) -> Event? {
        guard outcome == nil else { return nil }
        if ConsoleWatch.isLoginPrompt(text) { return settle(.passed(.loginPrompt)) }
        if stage <= .bootLoader, text == "grub>" || text == "grub rescue>" || text == "Shell>" {
            return settle(.failed(text == "Shell>" ? .noBootLoader : .bootLoaderError))
        }
        return nil
    }

    /// QEMU ended. With `-no-reboot` a reset of the machine ends it with status 0.
    package mutating func machineEnded(cleanly: Bool) -> Event? {
        guard outcome == nil else { return nil }
        return settle(.failed(suspicion ?? (cleanly ? .machineStopped : .qemuDied)))
    }

    /// The time for this boot is over.
    package mutating func timeOver() -> Event? {
        guard outcome == nil else { return nil }
        return settle(.failed(suspicion ?? .timeOut))
    }

    private mutating func settle(_ result: BootOutcome) -> Event {
        outcome = result
        if case .passed = result { stage = .up }
        return .outcome(result)
    }

    private mutating func decide(_ text: String) -> BootOutcome? {
        if let proof = ConsoleWatch.proof(in: text) { return .passed(proof) }
        if text.contains("Kernel panic - not syncing") {
            let isAboutRoot = text.contains("Unable to mount root fs") || suspicion == .rootNotFound
            return .failed(isAboutRoot ? .rootNotFound : .kernelPanic)
        }
        if ConsoleWatch.emergencyWords.contains(where: text.contains) {
            return .failed(suspicion ?? .emergencyShell)
        }
        if stage <= .bootLoader {
            if ConsoleWatch.noBootLoaderWords.contains(where: text.contains) { return .failed(.noBootLoader) }
            if text.hasPrefix("grub rescue>") { return .failed(.bootLoaderError) }
        }
        if ConsoleWatch.rootWords.contains(where: text.contains) {
            suspicion = .rootNotFound
        } else if stage == .bootLoader, text.hasPrefix("error: ") {
            // GRUB goes back to its menu after an error and tries again for ever.
            suspicion = .bootLoaderError
            if text.contains("/boot/kernel") || text.contains("you need to load the kernel first") {
                return .failed(.bootLoaderError)
            }
        }
        return nil
    }

    private static let emergencyWords = [
        "You are in emergency mode", "You are in rescue mode", "Entering emergency mode",
        "Press Enter for emergency shell",
        "Press Enter for maintenance", "Warning: Could not boot.",
        "Cannot open access to console, the root account is locked",
        "Generating \"/run/initramfs/rdsosreport.txt\"",
    ]

    private static let noBootLoaderWords = [
        "No bootable device", "No bootable option or device was found", "UEFI Interactive Shell", "Nothing to boot:",
        "failed to load Boot", "not a bootable disk",
    ]

    /// What dracut, its live module and the kernel say when the root file system does not turn up.
    private static let rootWords = [
        "dracut-initqueue: timeout, still waiting", "dracut-initqueue: starting timeout scripts",
        "dracut: FATAL: Don't know how to handle 'root=live:", "Unable to mount root fs", "/dev/root does not exist",
        "/dev/disk/by-label/COS_LIVE does not exist", "VFS: Cannot open root device",
    ]

    private static func proof(in text: String) -> BootOutcome.Proof? {
        if isLoginPrompt(text) { return .loginPrompt }
        guard text.contains("Reached target") else { return nil }
        let targets = ["multi-user.target", "graphical.target", "Multi-User System", "Graphical Interface"]
        return targets.contains(where: text.contains) ? .defaultTarget : nil
    }

    /// `HOST login:`, with what a getty that logs in by itself puts behind it; not `Last login: …`.
    private static func isLoginPrompt(_ text: String) -> Bool {
        let words = text.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: true)
        return words.count >= 2 && words[0] != "Last" && words[1] == "login:"
    }
}
