import Spelling
import Testing

@Suite struct NearestTests {
    static let known = ["iso", "raw", "uki", "netboot", "debian", "bookworm", "--artifact", "--arch"]

    @Test(arguments: [
        ("isoo", "iso"), ("is", "iso"), ("ISO", "iso"), ("netbot", "netboot"), ("netobot", "netboot"),
        ("dbeian", "debian"), ("bookwrom", "bookworm"), ("--artefact", "--artifact"), ("--arhc", "--arch"),
        ("rwa", "raw"),
    ])
    func slipsFindTheirWord(typed: String, meant: String) {
        #expect(nearest(to: typed, in: Self.known) == meant)
    }

    @Test(arguments: ["", "qcow2", "alpine", "o", "--base", String(repeating: "x", count: 1000)])
    func otherWordsFindNone(typed: String) {
        #expect(nearest(to: typed, in: Self.known) == nil)
    }

    @Test func ofEquallyNearWordsTheFirstWins() {
        #expect(nearest(to: "bot", in: ["boot", "bolt"]) == "boot")
        #expect(nearest(to: "bot", in: ["bolt", "boot"]) == "bolt")
    }
}
