package import FactoryProtocol
import JSON

/// What to build: the one description that a user hands in, with every default filled in. Written as YAML or
/// JSON; the keys are those of this type (docs/spec.md).
package struct BuildSpec: Codable, Sendable, Equatable {
    /// The root filesystem to start from.
    package var base: BaseReference
    /// The version that the image carries.
    package var version: ImageVersion
    /// The processor it is for.
    package var arch: Architecture
    /// The board it is for.
    package var model: Model
    /// Where the programs of Kairos come from.
    package var components: Components
    /// What to make, in the order of the flow, each once.
    package var artifacts: [ArtifactKind]
    /// Under which firmware every bootable artifact is started before it is called good.
    package var bootCheck: BootCheck
    /// Another package mirror than the distribution's own: an `http://` or `https://` URL.
    package var mirror: String?
    /// The text of `/config.yaml` on the ISO.
    package var cloudConfig: String?
    /// Steps of the conversion that are left out, sorted.
    package var skipSteps: [SkippableStep]
    /// The time that files made by the farm carry, in seconds since 1970; by default the date of the base
    /// (reproducible-builds.org, SOURCE_DATE_EPOCH).
    package var sourceDateEpoch: Int64?
    /// Instead of an image: a short real job that exercises one worker.
    package var selfTest: SelfTest?

    package init(
        base: BaseReference, version: ImageVersion, arch: Architecture = .amd64, model: Model = .generic,
        components: Components = .none, artifacts: [ArtifactKind] = [.iso], bootCheck: BootCheck = .both,
        mirror: String? = nil, cloudConfig: String? = nil, skipSteps: [SkippableStep] = [],
        sourceDateEpoch: Int64? = nil, selfTest: SelfTest? = nil
    ) {
        self.base = base
        self.version = version
        self.arch = arch
        self.model = model
        self.components = components
        self.artifacts = artifacts
        self.bootCheck = bootCheck
        self.mirror = mirror
        self.cloudConfig = cloudConfig
        self.skipSteps = skipSteps
        self.sourceDateEpoch = sourceDateEpoch
        self.selfTest = selfTest
    }

    /// Canonical JSON: the text that the digest is taken of.
    package func canonical() throws -> [UInt8] { try CanonicalJSON.encode(self) }

    /// A few words for lists: `distro:debian/bookworm v1.0.0 amd64 generic`.
    package var title: String {
        if let selfTest { return "self-test of \(selfTest.seconds) s on \(arch.rawValue)" }
        return "\(Passwords.masked(value: base.description)) \(version.text) \(arch.rawValue) \(model.rawValue)"
    }
}
