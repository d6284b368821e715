package import FactoryExecution
import FactoryImages
import FactoryProtocol
package import FactorySpec
import IO

/// The job that turns a base into a Kairos-ready OCI image.
///
/// Its artifacts are the image's parts: manifest, configuration and layers.
package enum ImageJob {
    /// How long preparing a base may take, waiting for another job that prepares the same included.
    private static let baseLimit = Duration.seconds(60 * 60)
    /// Files carry a time that every file system knows: FAT begins in 1980.
    private static let earliest: Int64 = 315_532_800

    /// Does the job.
    ///
    /// - Parameters:
    ///   - work: what is wanted.
    ///   - context: the job's directories and voice.
    /// - Throws: `JobFailure` with who is at fault: `.spec` for a base, package list or components that cannot be,
    ///   `.infrastructure` for mirrors and registries, `.worker` for a full disk.
    package static func run(_ work: ImageWork, in context: JobContext) async throws {
        let cache: LayerCache
        do {
            cache = try LayerCache(directory: context.trees)
        } catch {
            throw error.failure
        }
        let upkeep = CacheUpkeep(cache: cache, directory: context.cache, report: context.report)
        do {
            do {
                try await convert(work, context, cache)
            } catch let error as ConversionError {
                throw JobFailure(error.cause, error.code.name, error.message)
            } catch let error as ImageError {
                throw error.failure
            }
        } catch {
            // The next attempt finds all the room that there can be.
            let isFull = (error as? JobFailure)?.failure.code == "disk-full" || context.isOutOfRoom()
            if isFull { await upkeep.makeRoom() }
            throw error
        }
        await upkeep.tidy()
    }

    private static func convert(_ work: ImageWork, _ context: JobContext, _ cache: LayerCache) async throws {
        let base = try await context.report.step("base", "Prepare the base \(work.base)") { step in
            let resolver = BaseResolver(context, cache: cache, architecture: work.arch, mirror: work.mirror)
            return try await resolver.resolve(work.base, step, until: .in(baseLimit))
        }
        let plan = try ConversionPlanner.plan(
            for: work, on: try system(of: base, context),
            programs: try await ComponentDirectory.programs(of: work.components))
        for warning in plan.warnings { context.report.warn(warning.code, warning.message) }

        let epoch = context.sourceDateEpoch ?? max(base.created, earliest)
        let layers = try await ConversionRun(
            work: work, context: context, plan: plan, base: base, cache: cache, sourceDateEpoch: epoch
        ).run()

        try await context.report.step("image", "Put the image together") { step in
            let assembly = ImageAssembly(
                architecture: work.arch, created: epoch, labels: ImageLabels.labels(of: plan, work, base),
                base: base.config, layers: base.layers + layers)
            let artifacts = try await assembly.write(into: context.out)
            for artifact in artifacts { context.report.artifact(artifact) }
            let bytes = artifacts.reduce(Int64(0)) { $0.addingSaturated($1.size) }
            step.note("\(assembly.layers.count) layers, \(bytes >> 20) MiB")
        }
    }

    /// What the base says about itself, read from all of its layers at once.
    private static func system(of base: Base, _ context: JobContext) throws -> BaseSystem {
        let tree = try OverlayMount.readOnly(lowers: base.lowers, at: context.work + "/base.tree")
        defer {
            // Nothing is written to it; a mount that stays ends with the job.
            try? tree.unmount()
        }
        let files = try TreeFiles(tree.path)
        let text = try files.text("/etc/os-release") ?? files.text("/usr/lib/os-release")
        let system = try BaseSystem(OSRelease(text ?? ""))
        try system.checkPackageManager { files.exists($0) }
        return system
    }
}
