import FactoryArtifacts
import Testing

@Suite struct ArtifactNameTests {
    @Test func theNameHoldsFlavorReleaseVariantArchitectureModelAndVersion() throws {
        let facts = ReleaseFacts(kairosRelease: Fixtures.kairosRelease)
        #expect(try ArtifactName.iso(facts) == "kairos-debian-12-core-amd64-generic-v1.0.0.iso")
    }

    @Test func aStandardImageNamesItsKubernetes() throws {
        let facts = ReleaseFacts(
            kairosRelease: Fixtures.kairosRelease.replacing("core", with: "standard")
                + "KAIROS_SOFTWARE_VERSION=\"v1.33.1+k3s1\"\nKAIROS_SOFTWARE_VERSION_PREFIX=\"k3s\"\n")
        #expect(
            try ArtifactName.iso(facts)
                == "kairos-debian-12-standard-amd64-generic-v1.0.0-k3sv1.33.1+k3s1.iso")
    }

    @Test func theTargetArchitectureStandsInForTheArchitecture() throws {
        let facts = ReleaseFacts(
            kairosRelease: Fixtures.kairosRelease.replacing("KAIROS_ARCH=\"amd64\"\n", with: ""))
        #expect(try ArtifactName.base(facts) == "kairos-debian-12-core-amd64-generic-v1.0.0")
    }

    @Test(arguments: [("mine", "mine.iso"), ("mine.iso", "mine.iso"), ("a+b_c-1.0", "a+b_c-1.0.iso")])
    func aNameAskedForIsTaken(_ name: String, _ expected: String) throws {
        #expect(try ArtifactName.iso(ReleaseFacts(kairosRelease: ""), override: name) == expected)
    }

    @Test(arguments: ["../up", "a/b", "-x", ".hidden", "blank here", "ümlaut", String(repeating: "n", count: 201)])
    func aNameThatIsNoFileNameIsRefused(_ name: String) {
        let error = #expect(throws: ArtifactsError.self) {
            try ArtifactName.iso(ReleaseFacts(kairosRelease: ""), override: name)
        }
        #expect(error?.code == .badName)
    }

    @Test(arguments: ["FLAVOR", "FLAVOR_RELEASE", "VARIANT", "MODEL", "VERSION"])
    func aMissingFactIsNamed(_ key: String) {
        let lines = Fixtures.kairosRelease.split(separator: "\n").filter { !$0.hasPrefix("KAIROS_\(key)=") }
        let error = #expect(throws: ArtifactsError.self) {
            try ArtifactName.base(ReleaseFacts(kairosRelease: lines.joined(separator: "\n")))
        }
        #expect(error?.message.contains("KAIROS_\(key)") == true)
    }
}
