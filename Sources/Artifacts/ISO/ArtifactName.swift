/// The file name of an artifact: a user finds flavor, release, variant, architecture, model and version in it.
package enum ArtifactName {
    /// The name without an extension, e.g. `kairos-debian-12-core-amd64-generic-v1.0.0`; a standard image adds the
    /// Kubernetes distribution with its version (`-k3sv1.33.1+k3s1`).
    ///
    /// - Throws: `no-release-facts` with the key that is missing.
    package static func base(_ facts: ReleaseFacts) throws(ArtifactsError) -> String {
        guard let architecture = facts["ARCH"] ?? facts["TARGETARCH"] else {
            throw ArtifactsError(
                .noReleaseFacts, "/etc/kairos-release of the image says neither KAIROS_ARCH nor KAIROS_TARGETARCH")
        }
        let variant = try facts.required("VARIANT")
        var parts = [
            "kairos", try facts.required("FLAVOR"), try facts.required("FLAVOR_RELEASE"), variant, architecture,
            try facts.required("MODEL"), try facts.required("VERSION"),
        ]
        if variant == "standard" {
            parts.append(try facts.required("SOFTWARE_VERSION_PREFIX") + (try facts.required("SOFTWARE_VERSION")))
        }
        return String(parts.joined(separator: "-").map { isAllowed($0) ? $0 : "-" })
    }

    /// The ISO's file name: by the facts, or as asked for.
    ///
    /// - Throws: `bad-name` when the name asked for is no plain file name; what ``base(_:)`` throws.
    package static func iso(_ facts: ReleaseFacts, override: String? = nil) throws(ArtifactsError) -> String {
        guard let override, !override.isEmpty else { return try base(facts) + ".iso" }
        guard override.allSatisfy(isAllowed), override.first != ".", override.first != "-", override.utf8.count <= 200
        else {
            throw ArtifactsError(
                .badName,
                "\"\(override)\" cannot name an ISO: letters, digits and . _ + - are allowed, at most 200 of them, "
                    + "and not . or - at the start")
        }
        return override.hasSuffix(".iso") ? override : override + ".iso"
    }

    private static func isAllowed(_ character: Character) -> Bool {
        guard let ascii = character.asciiValue else { return false }
        return switch ascii {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: [".", "_", "+", "-"].contains(character)
        }
    }
}
