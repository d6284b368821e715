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

        // One after the other: on two cores two emulated machines at once take as long as one after the other.
        var results: [Boot.Result] = []
        for firmware in work.firmwares {
            let boot = Boot(
                firmware: firmware, work: work, iso: context.inputPath(iso.digest), accelerator: choice.accelerator,
                context: context)
            results.append(try await boot.run())
        }

        let verdict = BootVerdict(iso: iso.digest, name: iso.name, boots: results.map(\.boot))
        let bytes = try CanonicalJSON.encode(verdict)
        try await leave(bytes, as: "boot-check.json", role: .bootVerdict, mediaType: "application/json", context)
        if let failure = results.lazy.compactMap(\.failure).first { throw failure }
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
