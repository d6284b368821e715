import FactoryArtifacts
import FactoryExecution
import FactoryProtocol
import Glibc
import IO
import Processes

/// What this machine can do for jobs, found by looking: nothing is believed that was not tried.
struct Capabilities: Sendable {
    /// By the names that a plan's requirements use; `no` means that it is not there.
    var found: [String: String]
    /// What is missing, with the Debian package that brings it.
    var missing: [Missing]

    /// Something that jobs need and that is not there.
    struct Missing: Sendable, Equatable {
        let what: String
        /// The Debian package, when a package is what is missing.
        let package: String?
        /// Which jobs cannot be done without it.
        let neededFor: String
    }

    /// The programs that jobs call on the worker itself, and what for. Programs of an image run inside its tree.
    static let programs: [(name: String, neededFor: String)] = [
        ("mmdebstrap", "bases from a distribution's archive"),
        ("skopeo", "bases from a registry or a file"),
        ("mksquashfs", "ISOs"),
        ("xorriso", "ISOs"),
        ("mformat", "ISOs"),
        ("mcopy", "ISOs"),
    ]

    /// Looks at this machine, on behalf of a worker that builds for `architecture` and contains its jobs like this.
    static func look(for architecture: Architecture, containment: Containment) async -> Capabilities {
        var capabilities = Capabilities(found: [:], missing: [])
        let emulator = (name: "qemu-system-" + architecture.machine, neededFor: "boot checks")
        for (program, version) in await versions(of: programs + [emulator]) {
            guard let version else {
                capabilities.found["tool." + program.name] = "no"
                capabilities.missing.append(
                    Missing(
                        what: program.name, package: ToolCatalog.entries[program.name]?.package,
                        neededFor: program.neededFor))
                continue
            }
            capabilities.found["tool." + program.name] = version
        }
        capabilities.note(containment.isolation)
        await capabilities.noteMachine(architecture)
        // None of them is missing where nobody asks for it: most workers have no engine.
        let engines = await ContainerEngines(environment: ToolEnvironment.current.job).look()
        capabilities.found.merge(engines) { $1 }
        return capabilities
    }

    private mutating func note(_ isolation: Isolation) {
        found["isolation"] = isolation.hasPrivateMounts ? isolation.description : "no"
        if !isolation.hasPrivateMounts {
            missing.append(
                Missing(
                    what: "isolation (" + isolation.reasons.joined(separator: "; ") + ")", package: nil,
                    neededFor: "every job"))
        }
        found["root"] = geteuid() == 0 ? "yes" : "no"
    }

    /// What cannot be done in that directory. A worker whose jobs cannot give files to other users makes no images: `root`
    /// is what they ask for. Where programs or device nodes do not work no job is taken that needs isolation.
    mutating func note(_ place: WorkPlace) {
        if let problem = place.ownersProblem {
            found["root"] = "no"
            missing.append(Missing(what: "root (\(problem))", package: nil, neededFor: "images and ISOs"))
        }
        guard !place.problems.isEmpty else { return }
        found["isolation"] = "no"
        missing.append(
            Missing(
                what: "work directory (" + place.problems.joined(separator: "; ") + ")", package: nil,
                neededFor: "every job"))
    }

    private mutating func noteMachine(_ architecture: Architecture) async {
        let firmware = GuestMachine.firmware(architecture)
        let hasFirmware = access(firmware.code, R_OK) == 0 && access(firmware.variables, R_OK) == 0
        found["ovmf"] = hasFirmware ? "yes" : "no"
        if !hasFirmware {
            missing.append(
                Missing(what: firmware.code, package: firmware.package, neededFor: "boot checks under UEFI"))
        }
        found["kvm"] = await hasKVM(architecture) ? "yes" : "no"
        found["processors"] = "\(sysconf(Int32(_SC_NPROCESSORS_ONLN)))"
    }

    /// By the proof that a boot check itself asks for: a device that runs no guest is as good as none.
    private func hasKVM(_ architecture: Architecture) async -> Bool {
        guard found["tool.qemu-system-" + architecture.machine] != "no", let scratch = try? Directory.temporary() else {
            return false
        }
        let choice = await Accelerators.choose(for: architecture, work: scratch)
        // A few bytes below /tmp; when they stay nobody is the worse for it.
        try? Directory.remove(scratch)
        return choice.accelerator == .kvm
    }

    private static func versions(
        of programs: [(name: String, neededFor: String)]
    ) async -> [(program: (name: String, neededFor: String), version: String?)] {
        let finder = ToolFinder()
        return await withTaskGroup { group in
            for (index, program) in programs.enumerated() {
                group.addTask {
                    guard finder.find(program.name) != nil else { return (index, String?.none) }
                    do throws(ProcessError) {
                        let tool = try await finder.inspect(program.name)
                        return (index, tool.version.map(shortVersion) ?? "unknown")
                    } catch {
                        // It is there and does not answer: it may still work, and doctor shows what it says.
                        return (index, "unknown")
                    }
                }
            }
            var versions = [String?](repeating: nil, count: programs.count)
            for await (index, version) in group { versions[index] = version }
            return zip(programs, versions).map { ($0, $1) }
        }
    }

    /// The version in the line that a program prints: `skopeo version 1.9.3` is `1.9.3`.
    static func shortVersion(_ line: String) -> String {
        let words = line.split { " ,():".contains($0) }.map(String.init)
        let version = words.first { word in
            let bare = word.hasPrefix("v") ? word.dropFirst() : word[...]
            return bare.first?.isNumber == true && bare.contains(".")
        }
        return version ?? String(line.prefix(40))
    }

    /// The packages that are missing, each once.
    var missingPackages: [String] { Array(Set(missing.compactMap(\.package))).sorted() }
}
