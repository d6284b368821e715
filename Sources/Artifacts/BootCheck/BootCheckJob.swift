package import FactoryExecution
import FactoryProtocol
package import FactorySpec
import Glibc
import IO
import JSON

/// Proves that an ISO boots: starts it in QEMU under each firmware and reads its console until the system is up.
package enum BootCheckJob {
    /// Boots, reports, and leaves each console and the verdict as artifacts, also when a boot failed.
    ///
    /// - Throws: `JobFailure` with the named cause of the first boot that failed and the console's last lines.
    package static func run(_ work: BootCheckWork, in context: JobContext) async throws {
        guard let iso = context.inputs.first(where: { $0.role == .iso }) else {
            throw JobFailure(.internal, "no-iso", "a boot check was started without an ISO among its inputs")
        }
        let choice = await Accelerators.choose(for: work.arch, work: context.work)
        context.report.log(choice.why)

        let results = try await boots(of: iso, work, choice.accelerator, context)
        let verdict = BootVerdict(iso: iso.digest, name: iso.name, boots: results.map(\.boot))
        let bytes = try CanonicalJSON.encode(verdict)
        try await leave(bytes, as: "boot-check.json", role: .bootVerdict, mediaType: "application/json", context)
        if let failure = results.lazy.compactMap(\.failure).first { throw failure }
    }

    /// All firmwares at once where there are cores for it: much of a boot is waiting, so two on two cores take little more
    /// than half the time of one after the other.
    private static func boots(
        of iso: Artifact, _ work: BootCheckWork, _ accelerator: GuestMachine.Accelerator, _ context: JobContext
    ) async throws -> [Boot.Result] {
        let cores = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        let atOnce = min(cores, work.firmwares.count)
        let boots = work.firmwares.map { firmware in
            Boot(
                firmware: firmware, work: work, iso: context.inputPath(iso.digest), accelerator: accelerator,
                processors: min(4, max(1, cores / max(1, atOnce))), context: context)
        }
        return try await withThrowingTaskGroup(of: (place: Int, result: Boot.Result).self) { group in
            var results = [Boot.Result?](repeating: nil, count: boots.count)
            for (place, boot) in boots.enumerated() {
                if place >= atOnce, let done = try await group.next() { results[done.place] = done.result }
                group.addTask { (place, try await boot.run()) }
            }
            for try await done in group { results[done.place] = done.result }
            return results.compactMap { $0 }
        }
    }

    private static func leave(
        _ bytes: [UInt8], as name: String, role: Artifact.Role, mediaType: String, _ context: JobContext
    ) async throws {
        do throws(IOError) {
            let file = try FileIO.open(context.out + "/" + name, O_WRONLY | O_CREAT | O_TRUNC)
            try FileIO.write(bytes, to: file)
        } catch {
            throw Tool.failure(error)
        }
        context.report.artifact(
            try await OutputFile(directory: context.out, name: name).artifact(role: role, mediaType: mediaType))
    }
}
