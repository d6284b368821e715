package import FactoryProtocol

/// Decides which jobs a description needs. A pure function: nothing is looked up, nothing runs.
package enum Planner {
    package static func plan(_ spec: BuildSpec) -> Plan {
        if let test = spec.selfTest {
            let job = PlannedJob(
                name: "self-test-\(spec.arch.rawValue)", work: .selfTest(test), arch: spec.arch,
                requirements: ["isolation"], timeoutSeconds: Int64(test.seconds) + 300)
            return Plan(jobs: [job], warnings: [])
        }
        let image = imageJob(spec)
        var jobs = [image]
        for artifact in spec.artifacts {
            switch artifact {
            case .iso:
                let iso = isoJob(spec, image: image)
                jobs.append(iso)
                if let check = bootCheckJob(spec, of: iso) { jobs.append(check) }
            case .image, .raw, .uki, .netboot, .qcow2, .vhd, .gce, .vmdk:
                // The image is the first job; validation refused what this release cannot make.
                continue
            }
        }
        return Plan(jobs: jobs, warnings: warnings(spec))
    }

    /// Files of an image belong to many users: only a worker whose jobs can give files away makes one.
    private static let makesTrees = ["isolation", "root"]

    private static func imageJob(_ spec: BuildSpec) -> PlannedJob {
        let base =
            switch spec.base {
            case .distribution: ["tool.mmdebstrap"]
            // An image in an engine of the worker is where that engine answers, and nowhere else.
            case .image("docker-daemon:", _): ["tool.skopeo", "engine.docker"]
            // A reference that names its storage, `[driver@/graph]name`, needs no other.
            case .image("containers-storage:", let name) where !name.hasPrefix("["):
                ["tool.skopeo", "engine.containers-storage"]
            case .image: ["tool.skopeo"]
            }
        return PlannedJob(
            name: "image-\(spec.arch.rawValue)",
            work: .image(
                ImageWork(
                    base: spec.base, version: spec.version, arch: spec.arch, model: spec.model,
                    components: spec.components, mirror: spec.mirror, skipSteps: spec.skipSteps)),
            arch: spec.arch, requirements: makesTrees + base, timeoutSeconds: 2 * 3600)
    }

    private static func isoJob(_ spec: BuildSpec, image: PlannedJob) -> PlannedJob {
        PlannedJob(
            name: "iso-\(spec.arch.rawValue)", work: .iso(ISOWork(arch: spec.arch, cloudConfig: spec.cloudConfig)),
            arch: spec.arch, needs: [image.name],
            requirements: makesTrees + ["tool.mksquashfs", "tool.xorriso", "tool.mformat", "tool.mcopy"],
            timeoutSeconds: 3600)
    }

    private static func bootCheckJob(_ spec: BuildSpec, of iso: PlannedJob) -> PlannedJob? {
        let firmwares = spec.bootCheck.firmwares
        guard !firmwares.isEmpty else { return nil }
        let work = BootCheckWork(arch: spec.arch, firmwares: firmwares)
        return PlannedJob(
            name: "boot-check-\(spec.arch.rawValue)", work: .bootCheck(work), arch: spec.arch, needs: [iso.name],
            requirements: ["tool.qemu-system-\(spec.arch.machine)"] + (firmwares.contains(.uefi) ? ["ovmf"] : []),
            timeoutSeconds: Int64(work.timeoutSeconds * firmwares.count) + 300)
    }

    private static func warnings(_ spec: BuildSpec) -> [Warning] {
        var warnings: [Warning] = []
        if spec.version.written != spec.version.text {
            warnings.append(
                Warning(
                    code: "version-rewritten",
                    message: "version: \(spec.version.written) is written as \(spec.version.text)."))
        }
        if spec.components == .none { warnings.append(.liveOnly) }
        if let mirror = spec.mirror, case .distribution(let distribution) = spec.base {
            warnings.append(.mirrorAlone(mirror, distribution))
        }
        if let config = spec.cloudConfig, CloudConfig.notice(config) == .empty {
            warnings.append(
                Warning(
                    code: "empty-cloud-config",
                    message: "cloudConfig: there is nothing behind its header, so it configures nothing."))
        }
        if spec.bootCheck == .none, spec.artifacts.contains(.iso) {
            warnings.append(
                Warning(code: "not-booted", message: "bootCheck: none. Nothing proves that the artifacts boot."))
        }
        return warnings
    }
}

extension Warning {
    /// There are no programs of Kairos in the image.
    package static let liveOnly = Warning(
        code: "live-only",
        message: "components: none. The image boots live; it cannot be installed to a disk and cannot be upgraded.")

    /// The suites of the distribution's own archives are not used beside a mirror.
    package static func mirrorAlone(_ mirror: String, _ distribution: BaseReference.Distribution) -> Warning {
        let suite = distribution.suite
        return Warning(
            code: "mirror-alone",
            message: "mirror: all packages come from the suite \(suite) of \(mirror). \(suite)-security and "
                + "\(suite)-updates are not used: security updates are missing unless the mirror merges them.")
    }
}
