import FactoryExecution
import FactoryImages
import FactoryProtocol
import IO
import Processes

/// Does what the actions of a plan say, in one tree. Packages are not among them: they are one transaction a phase.
struct TreeActions: Sendable {
    /// The tree's files.
    let files: TreeFiles
    /// Runs programs in the tree; nil when that is over.
    let runner: TreeRunner?
    /// Where the components are on this machine.
    let components: String?
    /// Seconds since 1970 that everything carries.
    let sourceDateEpoch: Int64

    /// Does one action and says what was found on the way.
    func perform(_ action: ConversionAction, _ step: StepReport) async throws {
        switch action {
        case .write(let file):
            if file.keepsExisting, try files.kind(file.path) != nil { return }
            try files.write(file.text, to: file.path, mode: file.mode)
            step.log("wrote \(file.path)")
        case .directory(let path, let mode):
            try files.makeDirectory(path, mode: mode)
        case .link(let path, let target, let needed):
            if let needed, !files.exists(needed) { return }
            try files.link(path, to: target)
        case .mode(let path, let mode):
            try files.setMode(path, mode)
        case .packages:
            break
        case .requireKernel:
            step.note(try newestKernel())
        case .component(let program):
            try await copy(program)
            step.log("copied \(program.name) \(program.digest?.description ?? "")")
        case .services(let enable, let mask):
            try await services(enable: enable, mask: mask, step)
        case .remove(let paths):
            for path in paths {
                let count = try files.remove(path)
                if count > 0 { step.log("removed \(path)\(count > 1 ? " (\(count))" : "")") }
            }
        case .truncate(let paths):
            for path in paths { try files.truncate(path) }
        case .release(let values):
            let text = ReleaseFile.text(values, over: try files.text(ReleaseFile.path) ?? "")
            try files.write(text, to: ReleaseFile.path, mode: 0o644)
        case .kernelLinks:
            try linkKernel(step)
        case .drivers(let path, let names):
            try writeDrivers(names, to: path, step)
        case .initrd:
            try await Initrd(files: files, runner: programs).build(kernel: try newestKernel(), step)
        case .moduli(let bits):
            let path = "/etc/ssh/moduli"
            guard let text = try files.text(path) else { return }
            let strong = SSHHardening.strongModuli(text, minimumBits: bits)
            if !strong.isEmpty { try files.write(strong, to: path, mode: 0o644) }
        case .steadyFiles:
            try steady()
        }
    }

    private var programs: TreeRunner {
        guard let runner else { preconditionFailure("a step that runs programs was put behind those that do") }
        return runner
    }

    /// Checked again on the way in: the layer's key tells these bytes and no others.
    private func copy(_ program: ComponentProgram) async throws {
        guard let components else { return }
        let source = components + "/" + program.name
        let (files, path) = (files, program.path)
        try await OwnThread.run("components") { () throws(ConversionError) in
            try files.copy(source, to: path, mode: 0o755)
        }
        let digest = try await files.digest(path)
        guard digest == program.digest else {
            throw ConversionError(
                .badComponents,
                "\(source) changed during the build: it was \(program.digest?.short ?? "?"), "
                    + "now \(digest?.short ?? "gone")")
        }
    }

    private func services(enable: [String], mask: [String], _ step: StepReport) async throws {
        for (verb, units) in [("enable", enable), ("mask", mask)] where !units.isEmpty {
            var command = programs.command("systemctl", [verb] + units)
            command.environment["SYSTEMD_OFFLINE"] = "1"
            try await command.runSuccessfully(until: .in(.seconds(120))) { step.log($0.text) }
        }
    }
}
