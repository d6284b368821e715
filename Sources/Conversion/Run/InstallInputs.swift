import FactoryProtocol
import FactorySpec

/// What the phases' layers are made of: the text that their keys are hashes of.
///
/// Encoded as canonical JSON. Everything that changes a byte of the result has to be in it.
struct InstallInputs: Encodable {
    /// Raised by hand whenever the code makes other bytes of the same plan.
    static let revision = 2

    var revision = Self.revision
    /// The layers of the base, the lowest first.
    var base: [Digest]
    /// Steps, their actions and every file that they write; digests of components too.
    var phase: ConversionPlan.Phase
    /// Every package file that goes in, by its SHA-256.
    var packages: [Digest]
    /// The time that results carry.
    var sourceDateEpoch: Int64
    /// `root`, or the user namespace in which some packages come out otherwise.
    var privilege: String
}

/// The same for the init phase, which stands on the install layer.
struct InitInputs: Encodable {
    var revision = InstallInputs.revision
    /// The key of the install layer.
    var install: String
    /// Steps, their actions and every file that they write.
    var phase: ConversionPlan.Phase
    /// The time that results carry.
    var sourceDateEpoch: Int64
    /// As in ``InstallInputs``.
    var privilege: String
}
