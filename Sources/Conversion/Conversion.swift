/// A base root filesystem made Kairos-ready: what every part of it shares.
package enum Conversion {
    /// What the release file names as the engine that made the image.
    package static let engine = "factory-1"
}
