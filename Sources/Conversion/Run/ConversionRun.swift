import FactoryExecution
import FactoryImages
import FactoryProtocol
import FactorySpec
import IO
import JSON

/// Carries out a plan on a base: both phases, each kept as a layer, the first one written while the second one runs.
struct ConversionRun: Sendable {
    /// What is wanted.
    let work: ImageWork
    /// Everything of the job.
    let context: JobContext
    /// What is to be done.
    let plan: ConversionPlan
    /// On what.
    let base: Base
    /// Layers that are kept.
    let cache: LayerCache
    /// Seconds since 1970, for everything that is made.
    let sourceDateEpoch: Int64

    /// How long to wait for another job that makes the same layer.
    private static let patience = Duration.seconds(45 * 60)

    /// The note of an init layer: the hash of the install layer's tar that it was made on.
    private static let standsOn = "install"

    /// A phase that is done: its layer is kept already, or is to be written.
    private enum Done {
        case kept(CachedLayer)
        case draft(LayerDraft)

        var tree: String {
            switch self {
            case .kept(let layer): layer.tree
            case .draft(let draft): draft.tree
            }
        }

        var key: LayerKey {
            switch self {
            case .kept(let layer): layer.key
            case .draft(let draft): draft.key
            }
        }
    }

    /// Does it and returns the two layers, install first.
    func run() async throws -> [CachedLayer] {
        guard let install = plan[.install], let initial = plan[.`init`] else { return [] }
        let resolved = try await resolve(install.packages)
        var installed = try await perform(install, resolved: resolved)

        let inputs = InitInputs(
            install: installed.key.name, phase: initial, sourceDateEpoch: sourceDateEpoch,
            privilege: try Privilege.current().rawValue)
        let draft: LayerDraft
        switch try await claim("init", inputs) {
        case .make(let made): draft = made
        case .found(let layer):
            let below = try await keep(installed, "install", over: base.lowers)
            if layer.facts.notes[Self.standsOn] == below.facts.diffID.hex {
                try await phaseRun(initial, [below.tree] + base.lowers).reportCached(layer)
                return [below, layer]
            }
            // By its key the install layer is only named: it was made again since, with other bytes.
            installed = .kept(below)
            draft = try cache.remake(layer)
        }
        // Mounted before the install layer gets its final place: the mount holds on to the directory.
        let run = phaseRun(initial, [installed.tree] + base.lowers)
        let tree = try run.mount(draft)
        let done = installed
        async let below = keep(done, "install", over: base.lowers)
        do {
            try await run.perform(tree) { _, _ in }
            try tree.unmount()
            try await draft.clampTimes(to: sourceDateEpoch)
        } catch {
            await abandon(draft, tree)
            // Half a minute's work that the next attempt can use; why it could not be kept is not what to tell.
            _ = try? await below
            throw error
        }
        // Only now: where the install layer is has changed, and its whiteouts are judged by what is below.
        let kept = try await below
        let notes = [Self.standsOn: kept.facts.diffID.hex]
        return [kept, try await keep(.draft(draft), "init", over: [kept.tree] + base.lowers, notes)]
    }

    private func perform(_ phase: ConversionPlan.Phase, resolved: AptResolution) async throws -> Done {
        let run = phaseRun(phase, base.lowers)
        let inputs = InstallInputs(
            base: base.layers.map(\.facts.diffID), phase: phase, packages: resolved.files.map(\.digest).sorted(),
            sourceDateEpoch: sourceDateEpoch, privilege: try Privilege.current().rawValue)
        switch try await claim("install", inputs) {
        case .found(let layer):
            try await run.reportCached(layer)
            return .kept(layer)
        case .make(let draft):
            let tree = try run.mount(draft)
            do {
                try await run.perform(tree) { runner, step in
                    try await withApt(runner) { apt in
                        try await apt.install(resolved.names, files: resolved.files, step)
                    }
                }
                try tree.unmount()
                try await draft.clampTimes(to: sourceDateEpoch)
            } catch {
                await abandon(draft, tree)
                throw error
            }
            return .draft(draft)
        }
    }

    /// Refreshes the package indexes and finds out which files would go in.
    private func resolve(_ packages: [String]) async throws -> AptResolution {
        guard !packages.isEmpty else { return AptResolution(names: [], files: []) }
        return try await context.report.step(
            "packageVersions", "Look up package versions", phase: ConversionPlan.Phase.Name.install.rawValue
        ) { step in
            let place = context.work + "/resolve"
            let tree = try OverlayMount.writable(
                lowers: base.lowers, upper: place + ".upper", work: place + ".work", at: place)
            defer {
                // Scratch: what fails here is undone with the job.
                try? tree.unmount()
            }
            return try await TreeRunner.with(place, scratch: place + ".scratch", sourceDateEpoch: sourceDateEpoch) {
                runner in
                try await withApt(runner) { apt in
                    let kept = PackageIndexes(
                        directory: context.cache + "/package-indexes",
                        key: PackageIndexes.key(base.layers.map(\.facts.diffID.hex) + [work.mirror ?? ""]))
                    try kept.copy(to: apt.directory + "/lists")
                    try await apt.refresh(step)
                    try kept.keep(apt.directory + "/lists")
                    let resolution = try await apt.resolve(packages, step)
                    let bytes = resolution.files.reduce(0) { $0 + $1.size }
                    step.note("\(resolution.files.count) packages, \(bytes >> 20) MiB")
                    return resolution
                }
            }
        }
    }

    private func withApt<Value>(_ runner: TreeRunner, _ body: (Apt) async throws -> Value) async throws -> Value {
        let directory = context.work + "/apt"
        try Directory.make(directory)
        let shown = try SharedDirectory.show(directory, in: runner, at: Apt.place)
        defer { shown.remove() }
        return try await body(
            Apt(
                runner: runner, directory: directory, pool: ArchivePool(directory: context.cache + "/packages"),
                environment: context.tools))
    }

    private func keep(
        _ done: Done, _ name: String, over lowers: [String], _ notes: [String: String] = [:]
    ) async throws -> CachedLayer {
        let draft: LayerDraft
        switch done {
        case .kept(let layer): return layer
        case .draft(let made): draft = made
        }
        return try await context.report.step(name + "Layer", "Write the \(name) layer", phase: name) { step in
            let layer = try await draft.writeAndPublish(
                over: lowers, latestTime: sourceDateEpoch, title: "\(plan.system.name), \(name)", notes: notes
            ) { bytes in step.progress(done: bytes, total: nil, unit: .bytes) }
            step.note("\(layer.facts.tarSize >> 20) MiB, \(layer.facts.size >> 20) MiB packed")
            return layer
        }
    }

    private func claim(
        _ kind: String, _ inputs: some Encodable, again: Bool = false
    ) async throws -> LayerCache.Claim {
        let text = String(decoding: try CanonicalJSON.encode(inputs), as: UTF8.self)
        return try await cache.claim(
            LayerKey(kind, inputs: [text]), again: again || context.noCache, until: .in(Self.patience))
    }

    /// After a failure: the first error is the one to tell, and what stays is removed by the next job.
    private func abandon(_ draft: LayerDraft, _ tree: OverlayMount) async {
        try? tree.unmount()
        try? await draft.discard()
    }

    private func phaseRun(_ phase: ConversionPlan.Phase, _ lowers: [String]) -> PhaseRun {
        let components: String? =
            switch work.components {
            case .none: nil
            case .directory(let path): path
            }
        return PhaseRun(
            phase: phase, context: context, lowers: lowers, sourceDateEpoch: sourceDateEpoch, components: components)
    }
}
