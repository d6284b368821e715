package import FactoryExecution
package import FactoryProtocol
import Glibc
import IO
import Processes

/// Carries out an ISO's plan: the tools run here, on a mounted image that is only read.
package struct ISOBuilder: Sendable {
    /// mksquashfs' share of memory. More makes it no faster with blocks this small.
    private static let squashMemoryMiB = 128

    package var plan: ISOPlan
    /// The image, mounted.
    package var tree: ImageTree
    /// Scratch space.
    package var work: String
    /// Where the ISO and its checksum go.
    package var output: String
    /// Seconds since 1970 that everything on the medium carries.
    package var time: Int64
    /// What tells this medium from others: the digest of what it is made of.
    package var identity: Digest
    package var report: JobReport

    package init(
        plan: ISOPlan, tree: ImageTree, work: String, output: String, time: Int64, identity: Digest, report: JobReport
    ) {
        self.plan = plan
        self.tree = tree
        self.work = work
        self.output = output
        self.time = time
        self.identity = identity
        self.report = report
    }

    /// Makes the ISO and its checksum.
    ///
    /// - Throws: `JobFailure` with the failing tool's own words; `CancellationError`.
    package func run() async throws -> [Artifact] {
        try await report.step("bootFiles", "Boot loaders and menu", phase: "iso") { step in
            try writeTexts()
            try await makeBIOSCore(step)
            try await makeESP(step)
        }
        try await report.step("squashfs", "Compress the root file system", phase: "iso") { step in
            try await compress(step)
        }
        try await report.step("image", "Write the ISO", phase: "iso") { step in
            try await writeISO(step)
        }
        return try await report.step("checksum", "Checksum", phase: "iso") { step in
            try await checksum(step)
        }
    }

    private var staging: ISOPlan.Staging {
        ISOPlan.Staging(
            tree: tree.root, texts: work + "/texts", squash: work + "/" + ISOPlan.squashName,
            biosCore: work + "/eltorito.img", esp: work + "/esp.img", output: output + "/" + plan.name)
    }

    private func writeTexts() throws {
        for file in plan.files {
            if case .text(let text) = file.source { try write(text, to: staging.texts + file.path) }
        }
        for file in plan.esp.files {
            if case .text(let text) = file.source { try write(text, to: staging.texts + "/esp" + file.path) }
        }
    }

    private func makeBIOSCore(_ step: StepReport) async throws {
        guard let parts = plan.biosParts else { return }
        let tool = Tool(step: step, time: time)
        var command = tool.command(parts.makeImage, plan.biosCoreArguments, root: tree.root)
        command.standardOutput = .file(staging.biosCore)
        command.standardError = .lines
        try await tool.run(command)
    }

    private func makeESP(_ step: StepReport) async throws {
        let tool = Tool(step: step, time: time)
        let files = plan.esp.files.map { file in (to: file.path, from: source(of: file)) }
        let payload = try files.reduce(Int(0)) { $0.addingSaturated(try self.size(of: $1.from)) }
        let size: Int
        do throws(ArtifactsError) {
            size = try EFIPartition.size(payload: payload)
        } catch {
            throw JobFailure(.spec, error.code.rawValue, error.message)
        }
        let image = staging.esp
        try await tool.run(tool.command("mformat", EFIPartition.formatArguments(image: image, size: size)))
        try await tool.run(tool.command("mmd", ["-i", image] + plan.esp.directories.map { "::" + $0 }))
        for file in files {
            try await tool.run(tool.command("mcopy", ["-i", image, file.from, "::" + file.to]))
        }
        step.note("\(size >> 20) MiB ESP")
    }

    private func compress(_ step: StepReport) async throws {
        let tool = Tool(step: step, time: time)
        let processors = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        var command = tool.command(
            "mksquashfs",
            plan.squashArguments(
                tree: tree.root, output: staging.squash, processors: processors, memoryMiB: ISOBuilder.squashMemoryMiB))
        // It draws its bar on a terminal only.
        command.terminal = Command.Terminal()
        try await tool.run(command) { line in
            guard let blocks = ToolProgress.mksquashfs(line) else { return false }
            step.progress(done: blocks.total == 0 ? 100 : blocks.done * 100 / blocks.total, total: 100, unit: .percent)
            return true
        }
        step.note("\(try size(of: staging.squash) >> 20) MiB")
    }

    private func writeISO(_ step: StepReport) async throws {
        let tool = Tool(step: step, time: time)
        // A rest of an earlier attempt would be taken for a medium to add to.
        try removeFile(staging.output)
        let command = tool.command("xorriso", plan.xorrisoArguments(staging, time: time, guid: guid))
        try await tool.run(command) { line in
            guard let percent = ToolProgress.xorriso(line) else { return false }
            step.progress(done: percent, total: 100, unit: .percent)
            return true
        }
        try removeFile(staging.squash)
        step.note("\(try size(of: staging.output) >> 20) MiB")
    }

    private func checksum(_ step: StepReport) async throws -> [Artifact] {
        let file = OutputFile(directory: output, name: plan.name)
        let iso = try await file.artifact(role: .iso, mediaType: "application/vnd.efi.iso")
        let name = ChecksumFile.name(for: plan.name)
        try write(ChecksumFile.text(iso.digest, name: plan.name), to: output + "/" + name)
        let sum = try await OutputFile(directory: output, name: name).artifact(role: .checksum, mediaType: "text/plain")
        step.note(iso.digest.description)
        return [iso, sum]
    }

    /// A GUID of version 8 (RFC 9562, 5.8) out of the identity.
    private var guid: String {
        var digits = Array(identity.hex.prefix(32))
        digits[12] = "8"
        digits[16] = "8"
        let groups = [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(digits[$0]) }
        return groups.joined(separator: "-")
    }

    private func source(of file: EFIPartition.File) -> String {
        if case .image(let path) = file.source { return tree.path(path) }
        return staging.texts + "/esp" + file.path
    }
}

/// File operations whose failures are the job's.
extension ISOBuilder {
    private func write(_ text: String, to path: String) throws {
        do throws(IOError) {
            try Directory.make(FileIO.parent(path))
            // Ours alone: the cloud configuration is among these texts, and may hold passwords.
            let file = try FileIO.open(path, O_WRONLY | O_CREAT | O_TRUNC, mode: 0o600)
            try FileIO.write(Array(text.utf8), to: file)
        } catch {
            throw Tool.failure(error)
        }
    }

    private func removeFile(_ path: String) throws {
        do throws(IOError) {
            try FileIO.removeFile(path)
        } catch {
            throw Tool.failure(error)
        }
    }

    private func size(of path: String) throws -> Int {
        do throws(IOError) {
            return try FileIO.status(path)?.size ?? 0
        } catch {
            throw Tool.failure(error)
        }
    }
}
