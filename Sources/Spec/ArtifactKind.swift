/// What can be made of an image.
package enum ArtifactKind: String, Codable, Sendable, CaseIterable, Hashable {
    /// The Kairos-ready OCI image itself. Always made.
    case image
    /// A live and installation medium for BIOS and UEFI, optical or USB.
    case iso
    case raw
    case uki
    case netboot
    case qcow2
    case vhd
    case gce
    case vmdk

    /// Whether this release can make it.
    package var isBuilt: Bool { self == .image || self == .iso }
}

/// Under which firmware an artifact is booted.
package enum BootCheck: String, Codable, Sendable, CaseIterable, Hashable {
    case none
    /// SeaBIOS.
    case bios
    /// OVMF.
    case uefi
    case both

    /// The firmwares, in the order of the check.
    package var firmwares: [Firmware] {
        switch self {
        case .none: []
        case .bios: [.bios]
        case .uefi: [.uefi]
        case .both: [.bios, .uefi]
        }
    }
}

/// What starts a machine.
package enum Firmware: String, Codable, Sendable, CaseIterable, Hashable {
    case bios
    case uefi
}
