/// How a boot ended, in one stable word.
package enum BootOutcome: Sendable, Equatable {
    case passed(Proof)
    case failed(Cause)

    /// What showed that the system is up.
    package enum Proof: String, Sendable {
        /// systemd reached its default target.
        case defaultTarget = "default-target"
        /// A login prompt came.
        case loginPrompt = "login-prompt"
    }

    /// Why it did not come up.
    package enum Cause: String, Sendable, CaseIterable {
        /// The firmware found nothing to start.
        case noBootLoader = "no-bootloader"
        /// The boot loader started and could not start a kernel.
        case bootLoaderError = "bootloader-error"
        case kernelPanic = "kernel-panic"
        /// The kernel or the initrd did not find the root file system.
        case rootNotFound = "root-not-found"
        case emergencyShell = "emergency-shell"
        case timeOut = "time-out"
        /// The machine reset or switched itself off before it was up.
        case machineStopped = "machine-stopped"
        /// QEMU itself failed.
        case qemuDied = "qemu-died"

        /// Whether another worker may see another outcome.
        package var isWorkers: Bool { self == .timeOut || self == .qemuDied }

        /// One sentence for people, without a full stop.
        package var words: String {
            switch self {
            case .noBootLoader: "the firmware found no boot loader on the medium"
            case .bootLoaderError: "the boot loader could not start the kernel"
            case .kernelPanic: "the kernel panicked"
            case .rootNotFound: "the root file system was not found"
            case .emergencyShell: "the system stopped in an emergency shell"
            case .timeOut: "the system was not up in time"
            case .machineStopped: "the machine reset or switched itself off before it was up"
            case .qemuDied: "QEMU ended with an error"
            }
        }
    }

    package var isPassed: Bool {
        switch self {
        case .passed: true
        case .failed: false
        }
    }

    /// The word that events and files carry.
    package var reason: String {
        switch self {
        case .passed(let proof): proof.rawValue
        case .failed(let cause): cause.rawValue
        }
    }
}
