import FactoryClient
import FactoryProtocol
import JSON
import TestSupport
import Testing

/// The way from submit to verdict through the real programs, with a job of a few seconds.
@Suite(.serialized)
struct SelfTestTests {
    @Test("a self-test goes through the whole farm: every event once, its artifact fetched and verified")
    func throughTheFarm() async throws {
        try await Farm.with { farm in
            let build = try await farm.submit(["seconds": 1, "linesPerSecond": 10, "megabytes": 2]).build
            let watched = try await Watched.whole(build, of: farm)
            watched.expectWhole()
            #expect(watched.verdict?.result == .succeeded)
            watched.expectLines(of: "children", (1...10).map { "line \($0)" })

            let out = farm.folder.file("out")
            let (status, said) = try await farm.ctl(["artifacts", "get", "\(build)", "--all", "--output", out])
            #expect(status == 0, "\(said)")
            let (verified, words) = try await farm.ctl(["artifacts", "verify", "\(build)", "--in", out])
            #expect(verified == 0, "\(words)")
        }
    }

    @Test(
        "who is at fault decides whether it is tried again",
        arguments: [("spec", 1), ("internal", 1), ("worker", 3), ("infrastructure", 3)])
    func failures(cause: String, attempts: Int) async throws {
        try await Farm.with("failures\(cause)") { farm in
            let build = try await farm.submit(["seconds": 1, "failure": .string(cause)]).build
            let watched = try await Watched.whole(build, of: farm)
            watched.expectWhole()
            #expect(watched.attempts == attempts)
            #expect(watched.verdict?.cause?.rawValue == cause)
            #expect(watched.verdict?.result != .succeeded)
            // What it made before it failed can be had: that is how one sees why.
            let out = farm.folder.file("out")
            let (status, said) = try await farm.ctl(["artifacts", "get", "\(build)", "--all", "--output", out])
            #expect(status == 0 && said.contains("self-test.bin"), "\(said)")
        }
    }

    @Test("cancelling ends the job and says so")
    func cancelled() async throws {
        try await Farm.with { farm in
            let build = try await farm.submit(["seconds": 60]).build
            async let watched = Watched.whole(build, of: farm)
            let job = try await farm.runningJob()
            let (status, said) = try await farm.ctl(["cancel", "\(build)"])
            #expect(status == 0, "\(said)")
            #expect(try await watched.verdict?.result == .cancelled)
            #expect(try farm.jobProcess() != job)
        }
    }

    @Test("the same key gives the same build, another description with it is refused")
    func idempotency() async throws {
        try await Farm.with(agent: false) { farm in
            let session = try await farm.session()
            let submit = Submit(spec: ["selfTest": ["seconds": 1]], idempotencyKey: "once")
            let first: Submitted = try await session.request(submit)
            let second: Submitted = try await session.request(submit)
            #expect(first.build == second.build)
            #expect(!first.repeated)
            #expect(second.repeated)
            let (status, said) = try await farm.ctl(["submit", "--self-test", "2", "--idempotency-key", "once", "-q"])
            #expect(status != 0)
            #expect(said.contains("key"))
        }
    }

    @Test("a description that no worker can build is accepted with a warning that says so")
    func nobodyCan() async throws {
        try await Farm.with { farm in
            let submitted: Submitted = try await farm.session().request(
                Submit(spec: ["selfTest": ["seconds": 1], "arch": "arm64"], idempotencyKey: "arm"))
            #expect(!submitted.warnings.isEmpty)
            #expect(submitted.warnings.contains { $0.message.contains("arm64") })
        }
    }
}
