package import FactoryProtocol

/// A root filesystem to start from, pinned: its layers are here and will not change.
package struct Base: Sendable {
    /// What was asked for.
    package let reference: String
    /// What pins it: the hash of the image's manifest as the registry has it, or that of the tar of a base that was
    /// made here.
    package let digest: Digest
    /// The lowest first; held as long as this lives.
    package let layers: [CachedLayer]
    /// What the image says of itself; nil for a base that was made here.
    package let config: OCIImageConfig?
    /// When it was made, in seconds since 1970: for an archive the date of its suite, which changes with a point
    /// release and not with every security update.
    package let created: Int64

    /// The layers' directories as ``OverlayMount`` wants them, the topmost first.
    package var lowers: [String] { layers.reversed().map(\.tree) }
}
