package import FactoryProtocol
package import FactorySpec

/// All that turns a base into a Kairos-ready image, as a value: decided before anything runs, printed by
/// `factoryctl plan`, carried out by ``ConversionRun``, and part of the keys under which layers are kept.
///
/// Two phases, each of which ends as a layer; stages and steps in them have the names that kairos-init gives them.
package struct ConversionPlan: Encodable, Sendable, Equatable {
    /// What the base says about itself.
    package var system: BaseSystem
    /// The version that the image carries, with `v`.
    package var version: String
    /// The processor.
    package var arch: Architecture
    /// The board.
    package var model: Model
    /// Where Kairos' programs come from: `none` or `dir:PATH`.
    package var components: String
    /// In the order in which they are done.
    package var phases: [Phase]
    /// What the user should know before anything runs.
    package var warnings: [Warning]

    /// A part of the conversion that ends as one layer of the image.
    package struct Phase: Encodable, Sendable, Equatable {
        /// Which.
        package var name: Name
        /// In order.
        package var stages: [Stage]

        /// The two phases.
        package enum Name: String, Codable, Sendable {
            /// Packages, kernel and the files that come with the product.
            case install
            /// What depends on the finished installation: initrd, services, hardening.
            case `init`
        }

        /// All steps of all stages, in order.
        package var steps: [ConversionStep] { stages.flatMap(\.steps) }

        /// The packages of all steps that are done, sorted: they go in as one transaction, because every one more
        /// would run all triggers again.
        package var packages: [String] {
            let names = steps.filter { $0.skipped == nil }.flatMap(\.actions).flatMap { action -> [String] in
                if case .packages(let names) = action { names } else { [] }
            }
            return Set(names).sorted()
        }
    }

    /// A named group of steps.
    package struct Stage: Encodable, Sendable, Equatable {
        /// `install`, `after-install` or `init`.
        package var name: String
        /// In order.
        package var steps: [ConversionStep]
    }

    /// A phase by its name.
    package subscript(name: Phase.Name) -> Phase? { phases.first { $0.name == name } }
}
