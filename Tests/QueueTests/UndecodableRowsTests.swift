import FactoryProtocol
import FactoryQueue
import FactorySpec
import JSON
import SQLite
import TestSupport
import Testing

/// What cannot be read of one job costs no other build, and is told of once.
@Suite struct UndecodableRowsTests {
    let queue: QueueFixture
    var store: JobStore { queue.store }
    init() throws { queue = try QueueFixture() }

    private static let outcomes = ["{\"result\":\"x\"}", "{}", "[]", "null", "x"]

    /// Of an earlier build, whose results a later one would take.
    @Test(
        arguments: outcomes.map { "UPDATE jobs SET outcome_json = '\($0)'" }
            + ["{}", "7", "x"].map { "UPDATE boot_results SET result_json = '\($0)'" }
            + ["UPDATE artifacts SET digest = 'sha256:' || upper(replace(substr(digest, 8), '0', 'a'))"])
    func anEarlierResultThatCannotBeReadIsNoResultAndTheJobRuns(damage: String) async throws {
        let spec = try queue.submission()
        let earlier = try await queue.runBuild(spec)
        let cached = try await queue.runBuild(try queue.submission(key: "cached"))
        #expect(cached.ran == ["image-amd64"])
        // The one that took the results is no source of them any more.
        try await queue.change("UPDATE jobs SET cache_key = NULL WHERE build = '\(cached.receipt.build)'")
        try await queue.change(damage)
        let later = try await queue.runBuild(try queue.submission(key: "later"))
        let isBootCheckOnly = damage.contains("boot_results")
        #expect(later.ran == (isBootCheckOnly ? ["image-amd64", "boot-check-amd64"] : earlier.ran))
        let details = try await store.details(of: later.receipt.build, lastSeq: 0)
        #expect(details.verdict?.result == .succeeded)
        let told = store.newUndecodableRows()
        #expect(!told.isEmpty && Set(told).count == told.count)
        #expect(told.allSatisfy { $0.subject.contains(earlier.receipt.build.rawValue) }, "\(told)")
        // The new result is taken from now on, and nothing is said twice.
        #expect(try await queue.runBuild(try queue.submission(key: "last")).ran == ["image-amd64"])
        #expect(store.newUndecodableRows().isEmpty)
    }

    @Test(arguments: outcomes)
    func anEndThatCannotBeReadCountsAsAFailureInSettlingAndInEveryView(outcome: String) async throws {
        let receipt = try await store.submit(try queue.submission())
        let image = try await queue.start()
        let made = [try QueueFixture.artifact("manifest", .manifest)]
        queue.keep(made)
        _ = try await store.finish(image.claim, .succeeded, artifacts: made)
        let iso = try await queue.start()
        try await queue.change("UPDATE jobs SET outcome_json = '\(outcome)' WHERE id = '\(image.claim.job)'")
        try await expectFailure(of: image.claim.job, receipt.build)
        #expect(try await store.finish(iso.claim, .succeeded, artifacts: []) == .current)
        while try await !store.readyJobs().isEmpty {
            _ = try await store.finish(try await queue.start().claim, .succeeded, artifacts: [])
        }
        try await expectFailure(of: image.claim.job, receipt.build)
        let verdict = try await store.details(of: receipt.build, lastSeq: 0).verdict
        #expect((verdict?.result, verdict?.cause) == (.failed, .internal))
        #expect((verdict?.code, verdict?.job) == ("undecodable-outcome", image.claim.job))
        #expect(store.newUndecodableRows().map(\.subject) == ["job \(image.claim.job)"])
        #expect(try await store.retry(receipt.build).contains(image.claim.job))
        #expect(try await queue.start().claim.job == image.claim.job)
    }

    @Test(arguments: outcomes)
    func anEndThatCannotBeReadOfABuildThatIsOverCanBeTriedAgain(outcome: String) async throws {
        let (receipt, _) = try await queue.runBuild(try queue.submission(noCache: true))
        let image = JobID(receipt.build, "image-amd64")
        try await queue.change("UPDATE jobs SET outcome_json = '\(outcome)' WHERE id = '\(image)'")
        try await expectFailure(of: image, receipt.build)
        #expect(try await store.retry(receipt.build) == [image])
        let again = try await queue.start()
        #expect(again.claim.job == image)
        _ = try await store.finish(again.claim, .succeeded, artifacts: [])
        let details = try await store.details(of: receipt.build, lastSeq: 0)
        #expect(details.verdict?.result == .succeeded)
        #expect(details.summary.jobsDone == details.summary.jobs)
        let last = try await store.farmEvents(of: receipt.build, after: 0).last
        #expect(last?.event.kind.name == "buildEnded")
    }

    private func expectFailure(of job: JobID, _ build: BuildID) async throws {
        let summary = try await store.job(job)
        #expect(summary.state == .failed)
        #expect(summary.reason?.contains("how it ended cannot be read") == true)
        let details = try await store.details(of: build, lastSeq: 0)
        #expect(details.jobs.first { $0.job == job } == summary)
        let done = details.jobs.count { $0.state == .succeeded }
        #expect(try await store.builds(limit: 1).map(\.jobsDone) == [done])
        #expect(details.summary.jobsDone == done)
        _ = try await store.artifacts(of: build)
    }

    @Test func aJobWhoseNeedHasAnUnreadableEndIsGivenUp() async throws {
        let receipt = try await store.submit(try queue.submission())
        let image = try await queue.start()
        // Its end is damaged in the moment in which it is written.
        try await queue.change(
            """
            CREATE TRIGGER damage AFTER UPDATE OF outcome_json ON jobs WHEN NEW.outcome_json = '{"result":"succeeded"}'
            BEGIN UPDATE jobs SET outcome_json = '{}' WHERE id = NEW.id; END
            """)
        #expect(try await store.finish(image.claim, .succeeded, artifacts: []) == .current)
        let details = try await store.details(of: receipt.build, lastSeq: 0)
        #expect(details.jobs.map(\.state) == [.failed, .cancelled, .cancelled])
        #expect(details.verdict?.code == "undecodable-outcome")
    }

    @Test func aJobWhoseInputsCannotBeReadFailsAloneAfterOneAttempt() async throws {
        let receipt = try await store.submit(try queue.submission())
        let image = try await queue.start()
        let made = [try QueueFixture.artifact("manifest", .manifest), try QueueFixture.artifact("layer", .layer)]
        queue.keep(made)
        _ = try await store.finish(image.claim, .succeeded, artifacts: made)
        let bad = "sha256:" + String(repeating: "Z", count: 64)
        try await queue.change("UPDATE artifacts SET digest = '\(bad)' WHERE place = 1")
        let iso = try #require(try await store.readyJobs().first)
        guard case .undecodable(let failure) = try await store.claim(iso.job, for: WorkerName("w1")) else {
            Issue.record("it was claimed")
            return
        }
        #expect((failure.cause, failure.code) == (.internal, "undecodable-work"))
        #expect(failure.message.contains("layer") && failure.message.contains(bad), "\(failure.message)")
        let details = try await store.details(of: receipt.build, lastSeq: 0)
        #expect(details.jobs.map(\.state) == [.succeeded, .failed, .cancelled])
        #expect(details.jobs.map(\.attempt) == [1, 1, 0])
        #expect(details.verdict?.failure == failure)
        // What can be read is listed, and what is missing is said.
        #expect(details.artifacts.map(\.artifact.name) == ["manifest"])
        #expect(details.jobs[0].reason?.contains("layer") == true)
        let warnings = try await store.farmEvents(of: receipt.build, after: 0).compactMap { event in
            if case .warning(let warning) = event.event.kind { warning.code } else { nil }
        }
        #expect(warnings.filter { $0 == "undecodable-artifact" }.count == 1)
    }

    @Test(arguments: ["x", "{}", "[1]", "{\"kind\":\"buildEnded\"}"])
    func anEventThatCannotBeReadIsAWarningAndTheEndIsSaidAnew(event: String) async throws {
        let (receipt, _) = try await queue.runBuild(try queue.submission())
        let before = try await store.farmEvents(of: receipt.build, after: 0)
        let (third, last) = (before[2].id, try #require(before.last).id)
        try await queue.change("UPDATE farm_events SET event_json = '\(event)' WHERE id IN (\(third), \(last))")
        let after = try await store.farmEvents(of: receipt.build, after: 0)
        #expect(after.map(\.id) == before.map(\.id) + [last + 1])
        for place in [2, before.count - 1] {
            guard case .warning(let warning) = after[place].event.kind else {
                Issue.record("\(after[place])")
                continue
            }
            #expect(warning.code == "undecodable-event")
            #expect(after[place].event.job == before[place].event.job)
        }
        #expect(after.last?.event.kind == before.last?.event.kind)
        #expect(try await store.farmEvents(of: receipt.build, after: 0) == after)
        #expect(store.newUndecodableRows().count == 2)
    }

    /// As in a restored queue, which says where its jobs are behind what waited.
    @Test func anEndThatCannotBeReadIsSaidAnewAlsoWhenSomethingFollowsIt() async throws {
        let (receipt, _) = try await queue.runBuild(try queue.submission())
        let end = try #require(try await store.farmEvents(of: receipt.build, after: 0).last)
        try await store.warn(receipt.build, Warning(code: "w", message: "m"))
        try await queue.change("UPDATE farm_events SET event_json = '{\"kind\":\"buildEnded\"}' WHERE id = \(end.id)")
        let after = try await store.farmEvents(of: receipt.build, after: 0)
        #expect(after.last?.event.kind == end.event.kind)
        #expect(after.suffix(3).map(\.event.kind.name) == ["warning", "warning", "buildEnded"])
    }

    @Test(arguments: ["x", "{}", "[]"])
    func aVerdictThatCannotBeReadIsWhatItsJobsSay(stored: String) async throws {
        let (receipt, _) = try await queue.runBuild(try queue.submission())
        let before = try await store.details(of: receipt.build, lastSeq: 0)
        try await queue.change("UPDATE builds SET verdict_json = '\(stored)', spec_json = 'x', warnings_json = 'x'")
        let after = try await store.details(of: receipt.build, lastSeq: 0)
        #expect(after.verdict == before.verdict && after.verdict != nil)
        #expect(after.spec == .null)
        let repeated = try await store.submit(try queue.submission())
        #expect(repeated.warnings.map(\.code) == ["undecodable-warnings"])
    }

    @Test(arguments: [
        "architectures_json = '[\"riscv64\"]'", "architectures_json = '{}'", "capabilities_json = '[]'",
        "capabilities_json = '{\"a\":1}'",
    ])
    func aWorkerThatCannotBeReadIsLeftOutUntilItRegisters(change: String) async throws {
        let offer = Register(architectures: [.amd64], slots: 1, capabilities: ["a": "b"], host: "h")
        for name in ["w1", "w2"] { try await store.register(WorkerName(name), offer, software: "s") }
        try await store.setDraining(WorkerName("w1"), true)
        try await queue.change("UPDATE workers SET \(change) WHERE name = 'w1'")
        for _ in 1...2 { #expect(try await store.knownWorkers().map(\.name.rawValue) == ["w2"]) }
        #expect(store.newUndecodableRows().map(\.subject) == ["worker w1"])
        #expect(store.newUndecodableRows().isEmpty)
        try await store.register(WorkerName("w1"), offer, software: "s")
        let known = try await store.knownWorkers()
        #expect(known.map(\.name.rawValue) == ["w1", "w2"])
        #expect(known.map(\.isDraining) == [true, false])
    }
}
