import FactoryArtifacts
import Testing

@Suite struct ReleaseFactsTests {
    @Test(arguments: [
        ("KAIROS_FLAVOR=\"debian\"", "debian"), ("FLAVOR=debian", "debian"), ("FLAVOR='a b'", "a b"),
        ("FLAVOR=old\nKAIROS_FLAVOR=\"new\"", "new"), ("KAIROS_FLAVOR=12", "12"),
        ("KAIROS_FLAVOR=\"a\\\"b\\$c\"", "a\"b$c"), ("# comment\n\nKAIROS_FLAVOR=x # why", "x"),
        ("KAIROS_FLAVOR=x\r\n", "x"),
    ])
    func aValueIsReadAsAShellReadsIt(_ text: String, _ expected: String) {
        #expect(ReleaseFacts(kairosRelease: text)["FLAVOR"] == expected)
    }

    @Test func theImagesOwnOSReleaseFillsGaps() {
        let facts = ReleaseFacts(kairosRelease: "KAIROS_FLAVOR=debian\n", osRelease: "ID=debian\nFLAVOR=other\n")
        #expect(facts["ID"] == "debian")
        #expect(facts["FLAVOR"] == "debian")
    }

    @Test func anEmptyValueIsNone() {
        #expect(ReleaseFacts(kairosRelease: "KAIROS_FLAVOR=\"\"\n")["FLAVOR"] == nil)
    }

    @Test func aMissingKeyIsNamed() {
        let error = #expect(throws: ArtifactsError.self) {
            try ReleaseFacts(kairosRelease: "").required("VERSION")
        }
        #expect(error?.code == .noReleaseFacts)
        #expect(error?.message.contains("KAIROS_VERSION") == true)
    }
}
