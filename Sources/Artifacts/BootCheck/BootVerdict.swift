package import FactoryProtocol

/// The content of `boot-check.json`: what was booted, and what each boot showed.
package struct BootVerdict: Codable, Sendable, Equatable {
    /// The ISO.
    package var iso: Digest
    /// Its name.
    package var name: String
    /// Whether every boot came up.
    package var passed: Bool
    /// One for each firmware, in the order of the check.
    package var boots: [BootResult]

    package init(iso: Digest, name: String, boots: [BootResult]) {
        self.iso = iso
        self.name = name
        self.boots = boots
        passed = boots.allSatisfy(\.passed)
    }
}
