import Testing

@testable import FactoryConversion

@Suite struct DracutOutputTests {
    @Test func modulesAreCountedAndTheNeededOnesFound() {
        var output = DracutOutput()
        #expect(output.missing == ["dmsquash-live", "livenet"])
        let areModules = ["livenet", "*** Including modules done ***", "", "bash"].map { output.add($0) }
        #expect(areModules == [true, false, false, true])
        #expect(output.modules == 2 && output.missing == ["dmsquash-live"])
        _ = output.add("dmsquash-live")
        #expect(output.missing.isEmpty && output.complaints.isEmpty)
    }

    /// A base brings its own dracut, which may print for half an hour.
    @Test(arguments: ["y", "dracut-install: ERROR: installing '/x'", "dracut-install: FAILED: /x"])
    func endlessOutputIsNotKept(_ line: String) {
        var output = DracutOutput()
        for number in 0..<10_000 { _ = output.add("\(line)\(number)") }
        #expect(output.complaints.count <= DracutOutput.mostComplaints)
        #expect(output.missing == DracutOutput.needed)
        let kept = Mirror(reflecting: output).children.reduce(0) { sum, field in
            sum + ((field.value as? [String])?.count ?? 0)
        }
        #expect(kept <= DracutOutput.mostComplaints + DracutOutput.needed.count)
        #expect(line != "y" || output.modules == 10_000)
        #expect(line == "y" || output.complaints.first == line + "0")
    }
}
