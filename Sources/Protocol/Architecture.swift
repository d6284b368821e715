/// A processor architecture, by Debian's and OCI's common name.
package enum Architecture: String, Codable, Sendable, CaseIterable, Comparable {
    case amd64
    case arm64

    /// The name that the kernel and GRUB use.
    package var machine: String {
        switch self {
        case .amd64: "x86_64"
        case .arm64: "aarch64"
        }
    }

    package static func < (a: Architecture, b: Architecture) -> Bool { a.rawValue < b.rawValue }

    /// The architecture that this program was compiled for.
    package static var host: Architecture {
        #if arch(x86_64)
            .amd64
        #elseif arch(arm64)
            .arm64
        #endif
    }
}
