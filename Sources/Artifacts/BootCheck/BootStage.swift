/// How far a boot has come, as its console tells.
package enum BootStage: Int, Sendable, Comparable, CaseIterable {
    case firmware
    case bootLoader
    case kernel
    case initrd
    case system
    case up

    /// A few words for people.
    package var words: String {
        switch self {
        case .firmware: "firmware"
        case .bootLoader: "boot loader"
        case .kernel: "kernel"
        case .initrd: "initrd"
        case .system: "system"
        case .up: "up"
        }
    }

    package static func < (a: BootStage, b: BootStage) -> Bool { a.rawValue < b.rawValue }

    /// The stage that a console line shows a boot to be in that was in `stage` before it; nil when it shows nothing new.
    static func shown(by line: String, after stage: BootStage) -> BootStage? {
        let found: BootStage
        if line.contains("Welcome to GRUB") || line.contains("GNU GRUB") {
            found = .bootLoader
        } else if line.contains("Linux version ") {
            found = .kernel
        } else if line.contains("Running in initrd") || line.contains("Running in initial RAM disk") {
            found = .initrd
        } else if stage == .initrd, line.contains("running in system mode") {
            // systemd introduces itself twice: the second time it is the image's own.
            found = .system
        } else {
            return nil
        }
        return found > stage ? found : nil
    }
}
