import FactoryProtocol
import JSON
import Testing

@testable import FactorySpec

/// A description as JSON text, read and validated.
private func read(_ json: String) throws -> BuildSpec {
    try BuildSpec.read(SpecNode(json: StrictJSON.decode(JSONValue.self, from: Array(json.utf8))))
}

private func problems(_ json: String) throws -> [Problem] {
    do {
        _ = try read(json)
        return []
    } catch let error as SpecError {
        return error.problems
    }
}

@Suite struct BuildSpecTests {
    @Test func theShortestDescriptionHasDefaults() throws {
        let spec = try read(#"{"base":"distro:debian/bookworm","version":"1.2"}"#)
        #expect(spec.base == .distribution(.bookworm))
        #expect(spec.version.text == "v1.2.0")
        #expect(spec.arch == .amd64)
        #expect(spec.model == .generic)
        #expect(spec.components == .none)
        #expect(spec.artifacts == [.iso])
        #expect(spec.bootCheck == .both)
    }

    @Test func aMirrorOfAnImageWouldBeIgnoredSoItIsRefused() throws {
        let found = try problems(
            #"{"base":"oci:/srv/debian","version":"1.0.0","mirror":"http://deb.example.org/debian"}"#)
        #expect(found.map(\.code) == ["mirror-unused"])
        #expect(found.first?.path == "mirror")
    }

    @Test func canonicalFormIsReadBackAsTheSameDescription() throws {
        let spec = try read(
            #"""
            {"base":"distro:debian/trixie","version":"v2.0.0-rc.1+b5","artifacts":["iso","image"],
             "bootCheck":"uefi","mirror":"http://deb.example.org/debian","components":"dir:/srv/kairos",
             "skipSteps":["sshHardening","branding"],"cloudConfig":"#cloud-config\n","sourceDateEpoch":1700000000}
            """#)
        let again = try read(String(decoding: try spec.canonical(), as: UTF8.self))
        #expect(again == spec)
        #expect(try again.canonical() == spec.canonical())
        #expect(spec.skipSteps == [.branding, .sshHardening])
        #expect(spec.artifacts == [.image, .iso])
    }

    @Test func tenProblemsAreNamedAtOnce() throws {
        let found = try problems(
            #"""
            {"base":"distro:debian/bokworm","version":"latest","arch":"amd46","model":"generik","components":"all",
             "artifacts":["iso","isoo","iso"],"bootCheck":"efi","mirror":"ftp://x","skipSteps":["initrds"],
             "sourceDateEpoch":-1,"artefacts":[]}
            """#)
        #expect(found.count >= 10)
        let byPath = Dictionary(grouping: found, by: \.path)
        #expect(byPath["base"]?.first?.code == "unknown-suite")
        #expect(byPath["base"]?.first?.suggestion == "distro:debian/bookworm")
        #expect(byPath["version"]?.first?.code == "bad-version")
        #expect(byPath["arch"]?.first?.suggestion == "amd64")
        #expect(byPath["model"]?.first?.suggestion == "generic")
        #expect(byPath["components"]?.first?.code == "unknown-components")
        #expect(byPath["artifacts[1]"]?.first?.suggestion == "iso")
        #expect(byPath["artifacts[2]"]?.first?.code == "repeated")
        #expect(byPath["bootCheck"]?.first?.suggestion == "uefi")
        #expect(byPath["mirror"]?.first?.code == "bad-mirror")
        #expect(byPath["skipSteps[0]"]?.first?.suggestion == "initrd")
        #expect(byPath["sourceDateEpoch"]?.first?.code == "out-of-range")
        #expect(byPath["artefacts"]?.first?.suggestion == "artifacts")
    }

    @Test(arguments: [
        (#"{}"#, ["missing-key", "missing-key"]),
        (#"[]"#, ["not-a-mapping"]),
        (#"{"base":"distro:debian/bookworm","version":1.10}"#, ["not-text"]),
        (#"{"base":"distro:ubuntu/noble","version":"1"}"#, ["not-yet"]),
        (#"{"base":"debian/bookworm","version":"1"}"#, ["unknown-base"]),
        (#"{"base":"distro:debian/bookworm","version":"1","model":"rpi4"}"#, ["not-yet"]),
        (#"{"base":"distro:debian/bookworm","version":"1","artifacts":["raw"]}"#, ["not-yet"]),
        (#"{"base":"distro:debian/bookworm","version":"1","artifacts":[]}"#, ["empty"]),
        (#"{"base":"distro:debian/bookworm","version":"1","skipSteps":["cloudconfigs"]}"#, ["not-yet"]),
        (#"{"base":"distro:debian/bookworm","version":"1","components":"dir:rel"}"#, ["bad-components"]),
        (#"{"base":"distro:debian/bookworm","version":"1","components":"dir:/a/../b"}"#, ["bad-components"]),
        (#"{"base":"distro:debian/bookworm","version":"1","cloudConfig":"hostname: x"}"#, ["bad-cloud-config"]),
        (#"{"base":"distro:debian/bookworm","version":"1","mirror":"http://u:p@h/debian"}"#, ["bad-mirror"]),
        (#"{"base":"docker://","version":"1"}"#, ["bad-base"]),
        (#"{"base":"oci:-o","version":"1"}"#, ["bad-base"]),
        (#"{"base":"distro:debian/bookworm","version":"1","arch":"arm64"}"#, ["not-yet"]),
        (#"{"selfTest":{"seconds":0}}"#, ["out-of-range"]),
        (#"{"selfTest":5}"#, ["not-a-mapping"]),
        (#"{"selfTest":{"seconds":2},"base":"distro:debian/bookworm","version":"1"}"#, ["conflict", "conflict"]),
    ]) func wrongValuesHaveStableCodes(json: String, codes: [String]) throws {
        #expect(try problems(json).map(\.code).sorted() == codes)
    }

    @Test func nothingIsSuggestedThatWouldBeRefusedNext() throws {
        let found = try problems(
            #"{"base":"distro:debian/bookworm","version":"1","model":"rpi9","artifacts":["rwa","raw"],"arch":"arm46"}"#)
        let suggestions = Dictionary(grouping: found, by: \.path).mapValues { $0.first?.suggestion }
        #expect(suggestions["model"] == "one of generic")
        #expect(suggestions["artifacts[0]"] == "one of image, iso")
        #expect(suggestions["artifacts[1]"] == "one of image, iso")
        #expect(suggestions["arch"] == "one of amd64")
    }

    @Test func aSelfTestRunsOnAnyProcessor() throws {
        #expect(try read(#"{"selfTest":{"seconds":2},"arch":"arm64"}"#).arch == .arm64)
    }

    @Test func nearNamesAreSuggestedForABareSuite() throws {
        #expect(try problems(#"{"base":"bookworm","version":"1"}"#).first?.suggestion == "distro:debian/bookworm")
        #expect(try problems(#"{"base":"debian:12","version":"1"}"#).first?.suggestion == "docker://debian:12")
    }
}

@Suite struct ImageVersionTests {
    @Test(arguments: [
        ("1", "v1.0.0"), ("v1.2", "v1.2.0"), ("01.002.3", "v1.2.3"), ("1.2.3.4", "v1.2.3.4"),
        ("v1.0.0-rc.1", "v1.0.0-rc.1"), ("1.0.0+k3s1", "v1.0.0+k3s1"), ("1.0-a~b+c-d", "v1.0.0-a~b+c-d"),
    ]) func isPrintedCanonically(text: String, canonical: String) throws {
        #expect(try ImageVersion(parsing: text).text == canonical)
    }

    @Test(arguments: [
        "", "v", "latest", "1.", ".1", "1..2", "1.x", "1.0-", "1.0+", "1.0-a b", "1.0-ü", "vv1", "99999999999",
    ])
    func otherTextIsRefused(text: String) {
        #expect(throws: SpecValueError.self) { try ImageVersion(parsing: text) }
    }
}

@Suite struct PlannerTests {
    @Test func anISOWithBothBootsIsThreeJobsInARow() throws {
        let plan = Planner.plan(try read(#"{"base":"distro:debian/bookworm","version":"v1.0.0"}"#))
        #expect(plan.jobs.map(\.name) == ["image-amd64", "iso-amd64", "boot-check-amd64"])
        #expect(plan.jobs.map(\.needs) == [[], ["image-amd64"], ["iso-amd64"]])
        #expect(plan.warnings.map(\.code) == ["live-only"])
        guard case .bootCheck(let check) = plan.jobs[2].work else {
            Issue.record("the third job is \(plan.jobs[2].work.kind)")
            return
        }
        #expect(check.firmwares == [.bios, .uefi])
        #expect(plan.jobs[2].requirements.contains("ovmf"))
    }

    @Test func withoutABootCheckTheWarningSaysSo() throws {
        let plan = Planner.plan(
            try read(#"{"base":"distro:debian/bookworm","version":"v1.0.0","bootCheck":"none","components":"dir:/k"}"#))
        #expect(plan.jobs.map(\.name) == ["image-amd64", "iso-amd64"])
        #expect(plan.warnings.map(\.code) == ["not-booted"])
    }

    @Test func theImageAloneIsOneJob() throws {
        let plan = Planner.plan(try read(#"{"base":"docker://debian:12","version":"v1.0.0","artifacts":["image"]}"#))
        #expect(plan.jobs.map(\.name) == ["image-amd64"])
        #expect(plan.jobs[0].requirements == ["isolation", "root", "tool.skopeo"])
    }

    /// An image in an engine is where that engine is; a reference that names its own storage asks for none.
    @Test(arguments: [
        ("docker-daemon:a:1", ["tool.skopeo", "engine.docker"]),
        ("containers-storage:localhost/a", ["tool.skopeo", "engine.containers-storage"]),
        ("containers-storage:@" + String(repeating: "a", count: 64), ["tool.skopeo", "engine.containers-storage"]),
        ("containers-storage:[overlay@/x]a", ["tool.skopeo"]),
        ("containers-storage:[overlay@/x+/run/x]a", ["tool.skopeo"]),
        ("oci:/a", ["tool.skopeo"]), ("distro:debian/bookworm", ["tool.mmdebstrap"]),
    ])
    func aBaseAsksForWhatBringsIt(_ base: String, _ requirements: [String]) throws {
        let plan = Planner.plan(try read(#"{"base":"\#(base)","version":"v1.0.0","artifacts":["image"]}"#))
        #expect(plan.jobs[0].requirements == ["isolation", "root"] + requirements)
    }

    @Test func whatHoldsFilesOfManyUsersIsMadeByRootOfAMachineAndNothingElseIs() throws {
        let whole = Planner.plan(try read(#"{"base":"distro:debian/bookworm","version":"v1.0.0"}"#))
        let test = Planner.plan(try read(#"{"selfTest":{}}"#))
        let asking = (whole.jobs + test.jobs).filter { $0.requirements.contains("root") }.map(\.name)
        #expect(asking == ["image-amd64", "iso-amd64"])
    }

    @Test func aSelfTestIsOneJob() throws {
        let plan = Planner.plan(try read(#"{"selfTest":{"seconds":2}}"#))
        #expect(plan.jobs.map(\.name) == ["self-test-amd64"])
    }

    @Test func workTravelsAsJSON() throws {
        for job in Planner.plan(try read(#"{"base":"distro:debian/trixie","version":"v1.0.0"}"#)).jobs {
            #expect(try JobWork(job.work.json()) == job.work)
        }
    }
}

@Suite struct SpecFileTests {
    private func problems(_ yaml: String) -> [Problem] {
        do throws(SpecError) {
            _ = try BuildSpec.read(text: Array(yaml.utf8))
            return []
        } catch {
            return error.problems
        }
    }

    @Test func problemsCarryTheLineOfTheFile() {
        let found = problems(
            """
            base: distro:debian/bookworm
            version: newest
            artifacts:
              - iso
              - floppy
            colour: blue
            """)
        #expect(found.map(\.line) == [2, 5, 6])
        #expect(found.map(\.path) == ["version", "artifacts[1]", "colour"])
    }

    @Test(arguments: [
        "base: &b distro:debian/bookworm\nversion: v1\n", "base: a\nbase: b\n", "base:\n\t- a\n", "base: [a\n",
    ]) func whatTheReaderOfYAMLRefusesIsOneProblemWithItsLine(yaml: String) {
        let found = problems(yaml)
        #expect(found.count == 1)
        #expect(found.first?.line != nil)
    }

    @Test func aVersionWithoutQuotesThatIsANumberIsSaid() {
        #expect(problems("base: distro:debian/bookworm\nversion: 1.10\n").map(\.code) == ["not-text"])
    }
}
