package import FactoryProtocol
import Glibc
import IO
import Processes

/// Finds out what can run a guest on this machine.
package enum Accelerators {
    /// KVM where a guest really runs with it, else QEMU's own translation.
    ///
    /// The sentence says what was tried, for the log.
    package static func choose(
        for architecture: Architecture, work: String
    ) async -> (accelerator: GuestMachine.Accelerator, why: String) {
        guard architecture == Architecture.host else {
            return (.tcg, "TCG: the guest is \(architecture.rawValue), this machine is \(Architecture.host.rawValue)")
        }
        guard architecture == .amd64 else {
            return (.tcg, "TCG: KVM is not proven on \(architecture.rawValue)")
        }
        guard access("/dev/kvm", R_OK | W_OK) == 0 else {
            return (.tcg, "TCG: /dev/kvm cannot be opened (\(String(cString: strerror(errno))))")
        }
        let disk = work + "/tiny-guest.img"
        var lastWords = ""
        do {
            let file = try FileIO.open(disk, O_WRONLY | O_CREAT | O_TRUNC)
            try FileIO.write(TinyGuest.bootSector, to: file)
            let command = Command(GuestMachine.program(architecture), TinyGuest.arguments(disk: disk))
            let status = try await command.run(until: .in(.seconds(10))) { lastWords = $0.text }
            if status == .exited(TinyGuest.provingStatus) { return (.kvm, "KVM: a small guest ran") }
            return (.tcg, "TCG: a small guest did not run with KVM (\(status): \(lastWords))")
        } catch {
            return (.tcg, "TCG: a small guest did not run with KVM (\(error))")
        }
    }
}
