import FactoryExecution
import FactoryImages
import FactoryProtocol
import IO

/// Carries out one phase of a plan on a stack of layers: mounts it, does the steps, leaves the changes in a draft.
struct PhaseRun: Sendable {
    /// The phase.
    let phase: ConversionPlan.Phase
    /// Everything of the job.
    let context: JobContext
    /// The layers below, the topmost first.
    let lowers: [String]
    /// Seconds since 1970, for everything that is made.
    let sourceDateEpoch: Int64
    /// Where the components are on this machine.
    let components: String?

    private var mountPoint: String { "\(context.work)/\(phase.name.rawValue)" }
    private var scratch: String { mountPoint + ".scratch" }

    /// Says that all of it was done before: once, as nothing of it can be told apart any more.
    func reportCached(_ layer: CachedLayer) async throws {
        let name = phase.name.rawValue
        let count = phase.steps.count { $0.skipped == nil }
        try await context.report.step(name, "Phase \(name), \(count) steps", phase: name) { report in
            report.cached("\(layer.key.name.prefix(20))…, \(layer.facts.size >> 20) MiB")
        }
        for step in phase.steps {
            if let why = step.skipped { report(skipped: step, why) }
        }
    }

    /// Mounts the phase's tree on a draft.
    func mount(_ draft: LayerDraft) throws(ImageError) -> OverlayMount {
        try OverlayMount.writable(lowers: lowers, upper: draft.tree, work: draft.work, at: mountPoint)
    }

    /// Does the steps in the mounted tree. Packages are installed where the first step asks for some.
    func perform(_ tree: OverlayMount, install: (TreeRunner, StepReport) async throws -> Void) async throws {
        let files = try TreeFiles(tree.path)
        // What is removed from /run and /tmp at the end must be the tree's own, and not what programs were given.
        let last = phase.steps.lastIndex(where: \.runsPrograms)
        let (inside, outside) = last.map { (phase.steps[...$0], phase.steps[($0 + 1)...]) } ?? ([], phase.steps[...])
        var installed = false
        try await TreeRunner.with(tree.path, scratch: scratch, sourceDateEpoch: sourceDateEpoch) { runner in
            for warning in runner.warnings { context.report.warn("tree", warning) }
            for step in inside {
                try await perform(step, actions(files, runner)) { report in
                    guard step.hasPackages, !installed else { return }
                    installed = true
                    try await install(runner, report)
                }
            }
        }
        for step in outside {
            try await perform(step, actions(files, nil)) { _ in }
        }
    }

    private func actions(_ files: TreeFiles, _ runner: TreeRunner?) -> TreeActions {
        TreeActions(files: files, runner: runner, components: components, sourceDateEpoch: sourceDateEpoch)
    }

    private func perform(
        _ step: ConversionStep, _ actions: TreeActions, before: (StepReport) async throws -> Void
    ) async throws {
        if let why = step.skipped {
            report(skipped: step, why)
            return
        }
        try await context.report.step(step.id, step.title, phase: phase.name.rawValue) { report in
            try await before(report)
            for action in step.actions { try await actions.perform(action, report) }
        }
    }

    private func report(skipped step: ConversionStep, _ why: String) {
        context.report.skipped(step.id, step.title, phase: phase.name.rawValue, why: why)
    }
}

extension ConversionStep {
    /// Whether one of its actions is about packages.
    var hasPackages: Bool {
        actions.contains { action in
            if case .packages = action { true } else { false }
        }
    }

    /// Whether one of its actions runs a program in the tree.
    var runsPrograms: Bool {
        actions.contains { action in
            switch action {
            case .packages, .services, .initrd: true
            case .write, .directory, .link, .mode, .requireKernel, .component, .remove, .truncate, .release,
                .kernelLinks,
                .drivers, .moduli, .steadyFiles:
                false
            }
        }
    }
}
