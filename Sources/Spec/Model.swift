package import FactoryProtocol

/// The boards that Kairos knows, by its own names.
package enum Model: String, Codable, Sendable, CaseIterable, Hashable {
    /// Any machine with firmware of the usual kind.
    case generic
    case rpi3
    case rpi4
    case jetsonAGXOrin = "nvidia-jetson-agx-orin"
    case jetsonOrinNX = "nvidia-jetson-orin-nx"
    case jetsonThor = "nvidia-jetson-thor"
    case dgxSpark = "nvidia-dgx-spark"

    /// Whether this release can build for it.
    package var isBuilt: Bool { self == .generic }
}

extension Architecture {
    /// Whether this release can build images for it; the parts that boot and check them exist for amd64 alone.
    package var isBuilt: Bool { self == .amd64 }
}
