package import FactoryExecution
import FactoryImages
import FactoryProtocol
package import FactorySpec
import IO

/// Makes the live ISO of an image that an earlier job has converted.
package enum ISOJob {
    /// How long to wait for another job that unpacks the same layer.
    private static let patience = Duration.seconds(1800)

    /// Mounts the image's layers for reading, plans, writes, and reports the ISO and its checksum.
    ///
    /// - Throws: `JobFailure`: the description's fault when the image lacks what an ISO needs, with the path and the
    ///   Debian package; `CancellationError`.
    package static func run(_ work: ISOWork, in context: JobContext) async throws {
        do {
            let image = try await open(work, in: context)
            let mount = try OverlayMount.readOnly(lowers: image.lowers, at: context.work + "/image")
            let outcome: Result<[Artifact], any Error>
            do {
                outcome = .success(try await make(work, of: image, at: mount.path, in: context))
            } catch {
                outcome = .failure(error)
            }
            try mount.unmount()
            for artifact in try outcome.get() { context.report.artifact(artifact) }
        } catch let error as ImageError {
            if error.code == .cancelled { throw CancellationError() }
            throw error.failure
        }
    }

    private static func open(_ work: ISOWork, in context: JobContext) async throws -> JobImage {
        try await context.report.step("openImage", "Open the image", phase: "iso") { step in
            do throws(ImageError) {
                let cache = try LayerCache(directory: context.trees)
                let image = try await JobImage.read(
                    context, cache: cache, architecture: work.arch, until: .in(patience)
                ) { unpacked in
                    step.progress(done: unpacked, total: nil, unit: .bytes)
                }
                step.note("\(image.layers.count) layers of \(image.digest.short)")
                return image
            } catch {
                if error.code == .cancelled { throw CancellationError() as any Error }
                throw error.failure
            }
        }
    }

    private static func make(
        _ work: ISOWork, of image: JobImage, at root: String, in context: JobContext
    ) async throws -> [Artifact] {
        let tree = ImageTree(root: root)
        let plan = try await context.report.step("planISO", "Plan the ISO", phase: "iso") { step in
            do throws(ArtifactsError) {
                let plan = try ISOPlan(
                    work.arch, image: try tree.facts(for: work.arch),
                    options: ISOPlan.Options(cloudConfig: work.cloudConfig))
                step.note(plan.name)
                return plan
            } catch {
                // `unreadable` is about the worker's disk, the others about what the image is.
                let cause: Failure.Cause = error.code == .unreadable ? .worker : .spec
                throw JobFailure(cause, error.code.rawValue, error.message)
            }
        }
        return try await ISOBuilder(
            plan: plan, tree: tree, work: context.work, output: context.out, time: time(image, context),
            identity: image.digest, report: context.report
        ).run()
    }

    /// The description's time, else the one that the image carries.
    private static func time(_ image: JobImage, _ context: JobContext) -> Int64 {
        context.sourceDateEpoch ?? image.config.created.flatMap { CalendarTime.seconds(rfc3339: $0) } ?? 0
    }
}
