import Arguments
import FactoryClient
import FactoryProtocol
import Terminal
import Testing

@testable import factoryctl

@Suite struct EndingTests {
    private static func verdict(_ result: Verdict.Result) -> WatchEnding {
        .verdict(Verdict(result: result, message: "m", milliseconds: 1))
    }

    @Test(
        arguments: [
            (verdict(.succeeded), 0), (verdict(.failed), 1), (verdict(.cancelled), 3), (verdict(.expired), 4),
            (.noWorker(reason: ""), 5), (verdict(.infrastructure), 7), (.lost(reason: ""), 6),
            (.detached(signal: 2), 130),
            (.detached(signal: 15), 143),
        ] as [(WatchEnding, Int32)])
    func exitStatusesAreAContract(ending: WatchEnding, status: Int32) {
        #expect(ending.status.rawValue == status)
    }

    @Test func successNamesArtifactsDigestsAndTheNextCommand() {
        let verdict = Verdict(result: .succeeded, message: "", milliseconds: 125_000, artifacts: [BuildFixture.iso])
        #expect(
            WatchEnding.verdict(verdict).line(build: BuildFixture.build, next: .plain)
                == "build 01J8ZK succeeded in 2 min 05 s: kairos.iso 412 MiB \(BuildFixture.digest); "
                + "next: factoryctl artifacts get 01J8ZK")
    }

    @Test func aBuildThatMadeNothingNamesNoCommandThatFetches() {
        let verdict = Verdict(result: .succeeded, message: "", milliseconds: 1000)
        let line = WatchEnding.verdict(verdict).line(build: BuildFixture.build, next: .plain)
        #expect(line.hasPrefix("build 01J8ZK succeeded in ") && !line.contains("next:"))
    }

    @Test func failureNamesWhoseFaultItIsAndWhereTheLogIs() {
        let verdict = Verdict(
            result: .infrastructure, cause: .infrastructure, code: "apt-unreachable", message: "no mirror",
            job: BuildFixture.job("image-amd64"), milliseconds: 41_000, failure: BuildFixture.failure)
        #expect(
            WatchEnding.verdict(verdict).line(build: BuildFixture.build, next: .plain)
                == "build 01J8ZK failed after 41 s (infrastructure): no mirror; "
                + "full log: factoryctl logs 01J8ZK image-amd64 --step installPackages")
    }

    @Test func everyEndingIsOneLine() {
        for ending in [
            Self.verdict(.failed), Self.verdict(.cancelled), .lost(reason: "x\ny"), .detached(signal: 2),
            .noWorker(reason: "w1: lacks\nisolation"),
        ] {
            #expect(!ending.line(build: BuildFixture.build, next: .plain).contains("\n"))
        }
    }

    @Test(
        arguments: [
            ([], "factoryctl"), (["--root", "/srv/farm"], "factoryctl --root /srv/farm"),
            (["--root=/srv/my farm"], "factoryctl --root '/srv/my farm'"),
            (["--socket", "tcp:127.0.0.1:7100"], "factoryctl --socket tcp:127.0.0.1:7100"),
            (["--root", "it's"], "factoryctl --root 'it'\\''s'"),
        ] as [([String], String)])
    func theNextCommandNamesTheFarmAsTheUserDid(words: [String], program: String) throws {
        let request = try Program.description.parse(
            words + ["watch"], version: "0", environment: ["FACTORY_SOCKET": "/from/the/environment"])
        guard case .run(let invocation) = request else { throw CommandError(.usage, "a text was shown") }
        let next = NextCommand(invocation)
        #expect(next.program == program)
        #expect(
            WatchEnding.detached(signal: 2).line(build: BuildFixture.build, next: next)
                == "build 01J8ZK goes on without you; come back: \(program) watch 01J8ZK")
        let verdict = Verdict(result: .succeeded, message: "", milliseconds: 1000, artifacts: [BuildFixture.iso])
        #expect(
            WatchEnding.verdict(verdict).line(build: BuildFixture.build, next: next)
                .hasSuffix("; next: \(program) artifacts get 01J8ZK"))
        #expect(next.adopted("factoryctl explain X iso-amd64") == "\(program) explain X iso-amd64")
        #expect(next.adopted("make room") == "make room")
        let failure = FailureText(ClientError(.cannotConnect, "x"), next: next)
        #expect(failure.lines.last?.text.hasPrefix("  try: \(program) doctor") == true)
    }
}
