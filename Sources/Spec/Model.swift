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
