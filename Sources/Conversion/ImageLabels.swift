import FactoryImages
import FactoryProtocol
import FactorySpec

/// What an image says about itself in its configuration.
enum ImageLabels {
    /// The keys of the OCI (image-spec 1.1, annotations.md), and ours below `io.kairos.factory`.
    static func labels(of plan: ConversionPlan, _ work: ImageWork, _ base: Base) -> [String: String] {
        var labels = [
            "org.opencontainers.image.title": "Kairos on \(plan.system.name)",
            "org.opencontainers.image.version": plan.version,
            "org.opencontainers.image.base.name": base.reference,
            "org.opencontainers.image.base.digest": base.digest.description,
            prefix + "revision": "\(Conversion.engine), conversion \(InstallInputs.revision)",
            prefix + "model": plan.model.rawValue,
            prefix + "components": plan.components,
        ]
        if work.components == .none { labels[prefix + "live-only"] = "true" }
        for case .component(let program) in plan.phases.flatMap(\.steps).flatMap(\.actions) {
            labels[prefix + "component." + program.name] = program.digest?.description
        }
        let skipped = plan.phases.flatMap(\.steps).filter { $0.skipped != nil }.map(\.id)
        if !skipped.isEmpty { labels[prefix + "skipped"] = skipped.joined(separator: ",") }
        return labels
    }

    private static let prefix = "io.kairos.factory."
}
