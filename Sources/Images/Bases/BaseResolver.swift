package import FactoryExecution
package import FactoryProtocol
package import FactorySpec
package import IO

/// Turns the base of a description into layers on this worker.
package struct BaseResolver: Sendable {
    private let context: JobContext
    private let cache: LayerCache
    private let architecture: Architecture
    private let mirror: String?

    /// - Parameters:
    ///   - context: the job: where to keep downloads and scratch, and whether to make everything again.
    ///   - cache: the kept layers.
    ///   - architecture: the processor it is for.
    ///   - mirror: another archive than the distribution's own.
    package init(_ context: JobContext, cache: LayerCache, architecture: Architecture, mirror: String? = nil) {
        self.context = context
        self.cache = cache
        self.architecture = architecture
        self.mirror = mirror
    }

    /// Makes or brings the base, or takes what is kept: the archive's lists, or the image's digest, are looked up every
    /// time.
    ///
    /// Whether its distribution can be converted is for the conversion to say.
    /// - Parameters:
    ///   - reference: the base.
    ///   - step: told what is going on; `cached` when all was kept.
    ///   - deadline: when to give up, also waiting for another job that makes the same base.
    /// - Returns: the base, its layers held.
    /// - Throws: `mirrorUnreachable` and `registryUnreachable` after three tries, with the tool's own words;
    ///   `suiteNotFound`, `imageNotFound`, `wrongArchitecture`, `archiveUntrusted`, `badImage`, `badLayer`; `toolMissing`,
    ///   `diskFull`, `busy`, `cancelled`.
    package func resolve(
        _ reference: BaseReference, _ step: StepReport, until deadline: Deadline
    ) async throws(ImageError) -> Base {
        switch reference {
        case .distribution(let distribution):
            return try await DebianBase(
                distribution: distribution, architecture: architecture,
                mirror: mirror, cache: cache,
                downloads: "\(context.cache)/base-packages/\(distribution.suite)-\(architecture.rawValue)",
                scratch: context.work + "/base", sourceDateEpoch: context.sourceDateEpoch, again: context.noCache,
                deadline: deadline, environment: context.tools
            ).make(step)
        case .image(let transport, let name):
            return try await ImageBase(
                transport: transport, name: name, architecture: architecture, cache: cache,
                images: context.cache + "/base-images", scratch: context.work + "/base", deadline: deadline,
                environment: context.tools
            ).bring(step)
        }
    }
}
