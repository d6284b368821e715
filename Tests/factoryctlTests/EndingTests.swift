import FactoryProtocol
import Testing

@testable import factoryctl

@Suite struct EndingTests {
    private static func verdict(_ result: Verdict.Result, code: String? = nil) -> WatchEnding {
        .verdict(Verdict(result: result, code: code, message: "m", milliseconds: 1))
    }

    @Test(
        arguments: [
            (verdict(.succeeded), 0), (verdict(.failed), 1), (verdict(.cancelled), 3), (verdict(.expired), 4),
            (verdict(.expired, code: "no-matching-worker"), 5), (verdict(.failed, code: "no-matching-worker"), 5),
            (verdict(.infrastructure), 7), (.lost(reason: ""), 6), (.detached(signal: 2), 130),
            (.detached(signal: 15), 143),
        ] as [(WatchEnding, Int32)])
    func exitStatusesAreAContract(ending: WatchEnding, status: Int32) {
        #expect(ending.status.rawValue == status)
    }

    @Test func successNamesArtifactsDigestsAndTheNextCommand() {
        let verdict = Verdict(result: .succeeded, message: "", milliseconds: 125_000, artifacts: [BuildFixture.iso])
        #expect(
            WatchEnding.verdict(verdict).line(build: BuildFixture.build)
                == "build 01J8ZK succeeded in 2 min 05 s: kairos.iso 412 MiB \(BuildFixture.digest); "
                + "next: factoryctl artifacts get 01J8ZK")
    }

    @Test func failureNamesWhoseFaultItIsAndWhereTheLogIs() {
        let verdict = Verdict(
            result: .infrastructure, cause: .infrastructure, code: "apt-unreachable", message: "no mirror",
            job: BuildFixture.job("image-amd64"), milliseconds: 41_000, failure: BuildFixture.failure)
        #expect(
            WatchEnding.verdict(verdict).line(build: BuildFixture.build)
                == "build 01J8ZK failed after 41 s (infrastructure): no mirror; "
                + "full log: factoryctl logs 01J8ZK image-amd64 --step installPackages")
    }

    @Test func everyEndingIsOneLine() {
        for ending in [Self.verdict(.failed), Self.verdict(.cancelled), .lost(reason: "x"), .detached(signal: 2)] {
            #expect(!ending.line(build: BuildFixture.build).contains("\n"))
        }
    }
}
