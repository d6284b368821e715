import FactoryProtocol
package import FactorySpec

/// Decides what a conversion does. A pure function of the description and of what the base says about itself: nothing
/// is looked up, nothing runs.
package struct ConversionPlanner: Sendable {
    /// What is wanted.
    let work: ImageWork
    /// What there is.
    let system: BaseSystem
    /// The programs of Kairos that go in; none with `components: none`.
    let programs: [ComponentProgram]

    /// Makes the plan.
    ///
    /// - Parameters:
    ///   - work: what the job is to make.
    ///   - system: what its base says about itself.
    ///   - programs: the programs that the directory of components has. Without a worker to look into it, as in
    ///     `factoryctl plan`, all that there can be.
    /// - Returns: the whole plan, skipped steps included.
    /// - Throws: `model-not-yet` for a board that this release cannot build for.
    package static func plan(
        for work: ImageWork, on system: BaseSystem, programs: [ComponentProgram] = ComponentProgram.all
    ) throws(ConversionError) -> ConversionPlan {
        guard work.model.isBuilt else {
            throw ConversionError(
                .modelNotYet, "images for the board \(work.model.rawValue) cannot be made yet; generic can")
        }
        let planner = ConversionPlanner(
            work: work, system: system, programs: work.components == .none ? [] : programs)
        return ConversionPlan(
            system: system, version: work.version.text, arch: work.arch, model: work.model,
            components: work.components.description, phases: [planner.installPhase, planner.initPhase],
            warnings: planner.warnings)
    }

    var isLiveOnly: Bool { work.components == .none }

    /// A step that the description may leave out.
    func step(_ name: SkippableStep, _ title: String, _ actions: [ConversionAction]) -> ConversionStep {
        let isSkipped = work.skipSteps.contains(name)
        return ConversionStep(
            id: name.rawValue, title: title, skipped: isSkipped ? "the description leaves it out" : nil,
            actions: actions)
    }

    private var warnings: [Warning] {
        var warnings: [Warning] = []
        if isLiveOnly {
            warnings.append(.liveOnly)
        } else {
            warnings.append(
                Warning(
                    code: "no-cloud-configs",
                    message:
                        "Kairos' own cloud configurations (/system/oem) are not written yet: put them on the medium, or "
                        + "the system starts without users, mounts and services of Kairos."))
        }
        if let mirror = work.mirror, case .distribution(let distribution) = work.base {
            warnings.append(.mirrorAlone(mirror, distribution))
        }
        let kept: [SkippableStep] = [.installPackages, .installKernel, .kernel, .initrd]
        for name in kept where work.skipSteps.contains(name) {
            warnings.append(
                Warning(
                    code: "step-left-out",
                    message: "\(name.rawValue) is left out: the image only boots if its base brings what it does."))
        }
        if work.skipSteps.contains(.cleanup) {
            warnings.append(
                Warning(
                    code: "not-cleaned",
                    message:
                        "cleanup is left out: the image carries the machine-id and SSH host keys of the build, and every "
                        + "machine made of it has the same."))
        }
        return warnings
    }
}
