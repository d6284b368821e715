/// What a transaction will bring.
struct AptResolution: Sendable {
    /// The names to install: those wanted, and those of the base that there are newer versions of.
    let names: [String]
    /// The files for them and for all that they need, by name.
    let files: [ArchiveFile]
}
