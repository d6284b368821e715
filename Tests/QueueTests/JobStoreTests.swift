import FactoryProtocol
import FactoryQueue
import IO
import SQLite
import TestSupport
import Testing

@Suite struct JobStoreTests {
    let queue: QueueFixture
    var store: JobStore { queue.store }
    init() throws { queue = try QueueFixture() }

    private let lost = Failure(cause: .worker, code: "worker-lost", message: "silent for 60 s")

    private func kinds(_ build: BuildID) async throws -> [String] {
        try await store.farmEvents(of: build, after: 0).map { farm in
            guard case .jobStateChanged(let change) = farm.event.kind else { return farm.event.kind.name }
            return "\(farm.event.job?.rawValue.split(separator: ".").last ?? "?") \(change.state.rawValue)"
        }
    }

    @Test func theSameKeyGetsTheSameBuild() async throws {
        let first = try await store.submit(try queue.submission())
        let second = try await store.submit(try queue.submission())
        #expect(second.build == first.build)
        #expect(!first.isRepeated)
        #expect(second.isRepeated)
        #expect(try await store.builds(limit: 10).count == 1)
        let other = try await store.submit(try queue.submission(user: "bob"))
        #expect(other.build != first.build)
    }

    @Test func manyCallersWithOneKeyGetOneBuild() async throws {
        let submission = try queue.submission()
        let store = store
        let builds = try await withThrowingTaskGroup(of: BuildID.self) { group in
            for _ in 0..<50 { group.addTask { try await store.submit(submission).build } }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(builds.count == 1)
    }

    @Test func aKeyUsedForAnotherDescriptionIsRefused() async throws {
        _ = try await store.submit(try queue.submission())
        let changed = try queue.submission(version: "v1.0.1")
        let error = await #expect(throws: QueueError.self) { try await store.submit(changed) }
        #expect(error?.code == .keyReused)
        let uncached = try queue.submission(noCache: true)
        await #expect(throws: QueueError.self) { try await store.submit(uncached) }
    }

    @Test(arguments: ["", String(repeating: "x", count: 201)])
    func aKeyOfWrongLengthIsRefused(key: String) async throws {
        let submission = try queue.submission(key: key)
        let error = await #expect(throws: QueueError.self) { try await store.submit(submission) }
        #expect(error?.code == .badKey)
    }

    @Test func jobsRunInTheOrderOfTheirNeeds() async throws {
        let (receipt, ran) = try await queue.runBuild(try queue.submission())
        #expect(ran == ["image-amd64", "iso-amd64", "boot-check-amd64"])
        let details = try await store.details(of: receipt.build, lastSeq: 0)
        #expect(details.summary.state == .succeeded)
        #expect(details.verdict?.result == .succeeded)
        #expect(details.verdict?.artifacts.map(\.name) == ["a.iso", "boot-check.json"])
        #expect(
            try await kinds(receipt.build) == [
                "buildAccepted", "warning", "image-amd64 ready", "image-amd64 leased", "image-amd64 running",
                "image-amd64 succeeded", "iso-amd64 ready", "iso-amd64 leased", "iso-amd64 running",
                "iso-amd64 succeeded", "boot-check-amd64 ready", "boot-check-amd64 leased", "boot-check-amd64 running",
                "boot-check-amd64 succeeded", "buildEnded",
            ])
    }

    @Test func aJobGetsWhatItsNeedsMade() async throws {
        _ = try await store.submit(try queue.submission())
        let image = try await queue.start()
        #expect(image.inputs.isEmpty)
        let manifest = try QueueFixture.artifact("manifest", .manifest)
        queue.keep([manifest])
        _ = try await store.finish(image.claim, .succeeded, artifacts: [manifest])
        let iso = try await queue.start()
        #expect(iso.inputs == [manifest])
    }

    @Test func onlyOneOfManyClaimsWins() async throws {
        _ = try await store.submit(try queue.submission())
        let job = try #require(try await store.readyJobs().first)
        let store = store
        let winners = try await withThrowingTaskGroup(of: Bool.self) { group in
            for worker in 0..<20 {
                group.addTask { try await store.claim(job.job, for: WorkerName("w\(worker)")).job != nil }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(winners == 1)
    }

    @Test func theFailureOfOneJobEndsTheBuildAndGivesUpTheRest() async throws {
        let receipt = try await store.submit(try queue.submission())
        let image = try await queue.start()
        let failure = Failure(cause: .spec, code: "no-package", message: "there is no package foo", excerpt: ["E: foo"])
        _ = try await store.finish(image.claim, .failed(failure), artifacts: [])
        let details = try await store.details(of: receipt.build, lastSeq: 0)
        #expect(details.jobs.map(\.state) == [.failed, .cancelled, .cancelled])
        #expect(details.summary.state == .failed)
        #expect(details.verdict?.failure == failure)
        #expect(details.verdict?.job?.rawValue.hasSuffix("image-amd64") == true)
        #expect(try await kinds(receipt.build).last == "buildEnded")
        #expect(try await kinds(receipt.build).filter { $0 == "buildEnded" }.count == 1)
    }

    @Test func aWorkerThatIsLostThreeTimesExpiresTheJob() async throws {
        let receipt = try await store.submit(try queue.submission())
        for attempt in 1...3 {
            queue.pass(.seconds(600))
            let claimed = try await queue.start("w\(attempt)")
            #expect(claimed.attempt == attempt)
            #expect(try await store.workerLost(claimed.claim, lost) == .current)
        }
        let details = try await store.details(of: receipt.build, lastSeq: 0)
        #expect(details.summary.state == .expired)
        #expect(details.verdict?.result == .infrastructure)
        #expect(details.verdict?.message.contains("3 attempts") == true)
    }

    @Test func whatAnOldClaimSaysChangesNothing() async throws {
        let receipt = try await store.submit(try queue.submission())
        let first = try await queue.start("w1")
        _ = try await store.workerLost(first.claim, lost)
        queue.pass(.seconds(60))
        let second = try await queue.start("w2")
        let before = try await store.details(of: receipt.build, lastSeq: 0)
        #expect(try await store.accept(first.claim) == .superseded)
        #expect(try await store.decline(first.claim, reason: "r") == .superseded)
        #expect(try await store.finish(first.claim, .succeeded, artifacts: []) == .superseded)
        #expect(try await store.workerLost(first.claim, lost) == .superseded)
        #expect(try await store.details(of: receipt.build, lastSeq: 0) == before)
        #expect(try await store.attempt(of: first.claim, by: WorkerName("w1")) == nil)
        #expect(try await store.attempt(of: second.claim, by: WorkerName("w1")) == nil)
        #expect(try await store.attempt(of: second.claim, by: WorkerName("w2"))?.number == 2)
    }

    @Test func aTokenIsGoodForItsAttemptOnly() async throws {
        _ = try await store.submit(try queue.submission())
        let first = try await queue.start()
        #expect(try await store.claim(ofToken: first.token) == first.claim)
        _ = try await store.workerLost(first.claim, lost)
        #expect(try await store.claim(ofToken: first.token) == nil)
        queue.pass(.seconds(60))
        let second = try await queue.start()
        #expect(second.token != first.token)
        #expect(try await store.claim(ofToken: second.token) == second.claim)
        #expect(try await store.claim(ofToken: "") == nil)
    }

    @Test func resumeKeepsDropsAndFindsTheLost() async throws {
        let worker = WorkerName("w1")
        _ = try await store.submit(try queue.submission(key: "a"))
        let first = try await queue.start()
        queue.pass(.seconds(1))
        _ = try await store.submit(try queue.submission(key: "b"))
        let second = try await queue.start()
        let stale = Claim(job: first.claim.job, fence: Fence(99))
        var resumed = try await store.resume(worker, [first.claim, stale])
        #expect(resumed.keep.map(\.claim) == [first.claim])
        #expect(resumed.drop == [stale])
        #expect(resumed.lost == [second.claim])
        resumed = try await store.resume(WorkerName("w2"), [first.claim])
        #expect(resumed.drop == [first.claim])
        _ = try await store.finish(first.claim, .succeeded, artifacts: [])
        resumed = try await store.resume(worker, [first.claim])
        #expect(resumed.keep.map(\.claim) == [first.claim], "its end may have to be said again")
    }

    @Test func anISOIsTakenFromTheCacheWithItsBootResult() async throws {
        let (first, _) = try await queue.runBuild(try queue.submission(key: "a"))
        queue.pass(.seconds(3600))
        let (second, ran) = try await queue.runBuild(try queue.submission(key: "b"))
        #expect(ran == ["image-amd64"])
        let details = try await store.details(of: second.build, lastSeq: 0)
        #expect(details.jobs.map(\.cached) == [false, true, true])
        #expect(details.verdict?.result == .succeeded)
        #expect(details.artifacts.map(\.artifact) == (try await store.artifacts(of: first.build)).map(\.artifact))
        #expect(try await kinds(second.build).contains("bootResult"))
    }

    @Test func noCacheAndLostArtifactsRunAgain() async throws {
        try await queue.runBuild(try queue.submission(key: "a"))
        let (_, uncached) = try await queue.runBuild(try queue.submission(key: "b", noCache: true))
        #expect(uncached.count == 3)
        queue.lose([try QueueFixture.artifact("a.iso", .iso)])
        let (_, lost) = try await queue.runBuild(try queue.submission(key: "c"))
        #expect(lost == ["image-amd64", "iso-amd64"], "the ISO is made again, equal bytes keep the boot check")
    }

    @Test func cancellingTellsTheWorkerAndEndsTheRest() async throws {
        let receipt = try await store.submit(try queue.submission())
        let image = try await queue.start()
        let order = try await store.cancel(receipt.build, reason: "alice: wrong version")
        #expect(order.jobs.count == 3)
        #expect(order.tell.map(\.claim) == [image.claim])
        #expect(
            try await store.toEnd([image.claim]).map(\.reason) == ["alice: wrong version"])
        let outcome = Outcome.cancelled(Cancellation(reason: "alice: wrong version", killed: false))
        _ = try await store.finish(image.claim, outcome, artifacts: [])
        let details = try await store.details(of: receipt.build, lastSeq: 0)
        #expect(details.summary.state == .cancelled)
        #expect(details.verdict?.result == .cancelled)
        #expect(details.verdict?.message == "cancelled: alice: wrong version")
    }

    @Test func aWorkerThatTakesACancelledJobIsToldSo() async throws {
        let receipt = try await store.submit(try queue.submission())
        let image = try #require(try await store.readyJobs().first)
        let claimed = try #require(try await store.claim(image.job, for: WorkerName("w1")).job)
        _ = try await store.cancel(receipt.build, reason: "alice: wrong version")
        // Twice: the first answer may have been lost.
        for _ in 1...2 {
            #expect(try await store.accept(claimed.claim) == .current(cancelReason: "alice: wrong version"))
        }
    }

    @Test func whatIsOverIsToBeEndedByTheWorkerThatStillHasIt() async throws {
        let receipt = try await store.submit(try queue.submission())
        let image = try await queue.start()
        #expect(try await store.toEnd([image.claim]).isEmpty)
        _ = try await store.cancel(receipt.build, reason: "alice: wrong version")
        _ = try await store.workerLost(image.claim, lost)
        #expect(try await store.resume(WorkerName("w1"), [image.claim]).keep.map(\.claim) == [image.claim])
        #expect(
            try await store.toEnd([image.claim]).map(\.reason) == ["the job is over: alice: wrong version"])
        #expect(try await store.toEnd([Claim(job: image.claim.job, fence: Fence(9))]).isEmpty)
    }

    @Test func aClockThatIsSetBackStopsNothing() async throws {
        _ = try await store.submit(try queue.submission())
        queue.pass(.seconds(-3600))
        let ready = try #require(try await store.readyJobs().first)
        let claimed = try #require(try await store.claim(ready.job, for: WorkerName("w1")).job)
        queue.pass(.seconds(-3600))
        #expect(try await store.accept(claimed.claim) == .current(cancelReason: nil))
        _ = try await store.finish(claimed.claim, .succeeded, artifacts: [])
        #expect(try await store.readyJobs().first?.notBefore == Timestamp(milliseconds: 0))
    }

    @Test func whatAFailedAttemptMadeIsListed() async throws {
        let receipt = try await store.submit(try queue.submission())
        let console = try QueueFixture.artifact("console.log", .consoleLog)
        let failure = Failure(cause: .infrastructure, code: "c", message: "m")
        let lost = try QueueFixture.artifact("lost.log", .consoleLog)
        queue.keep([console])
        let first = try await queue.start()
        _ = try await store.finish(first.claim, .failed(failure), artifacts: [console, lost])
        #expect(try await store.artifacts(of: receipt.build).map(\.artifact) == [console])
        queue.pass(.seconds(60))
        let second = try await queue.start()
        let manifest = try QueueFixture.artifact("manifest", .manifest)
        queue.keep([manifest])
        _ = try await store.finish(second.claim, .succeeded, artifacts: [manifest])
        #expect(try await store.artifacts(of: receipt.build).map(\.artifact) == [manifest], "the last word counts")
    }

    /// A blob may leave the store between the delivery and the word of its worker.
    @Test func noEndRefersToWhatTheStoreDoesNotHave() async throws {
        let receipt = try await store.submit(try queue.submission())
        let manifest = try QueueFixture.artifact("manifest", .manifest)
        queue.keep([manifest])
        let image = try await queue.start()
        queue.lose([manifest])
        #expect(try await store.finish(image.claim, .succeeded, artifacts: [manifest]) == .current)
        #expect(try await store.artifacts(of: receipt.build).isEmpty)
        let job = try await store.job(image.claim.job)
        #expect(job.state == .ready)
        #expect(job.reason?.contains("did not deliver manifest") == true, "\(String(describing: job.reason))")
    }

    @Test func aBootCheckThatFailedIsTriedAgainFromTheCache() async throws {
        let failing = try await store.submit(try queue.submission(key: "a"))
        var boot = try await queue.start()
        for (artifact, role) in [("manifest", Artifact.Role.manifest), ("a.iso", .iso)] {
            let made = [try QueueFixture.artifact(artifact, role)]
            queue.keep(made)
            _ = try await store.finish(boot.claim, .succeeded, artifacts: made)
            boot = try await queue.start()
        }
        let result = BootResult(
            firmware: "bios", passed: false, reason: "timed-out", milliseconds: 1, accelerator: "tcg")
        try await store.record(result, boot.claim, attempt: boot.attempt)
        let failure = Failure(cause: .spec, code: "no-boot", message: "it does not boot")
        _ = try await store.finish(boot.claim, .failed(failure), artifacts: [])
        // Another build of the same shows meanwhile that it boots.
        try await queue.runBuild(try queue.submission(key: "b"))
        _ = try await store.retry(failing.build)
        #expect(try await store.details(of: failing.build, lastSeq: 0).summary.state == .succeeded)
    }

    @Test func readyJobsAreFoundByWhatTheyNeedAndPageByPage() async throws {
        for key in ["a", "b", "c"] { _ = try await store.submit(try queue.submission(key: key)) }
        let needs = try await store.readyNeeds().needs
        #expect(needs.map(\.architecture) == [.amd64])
        let all = try await store.readyJobs()
        #expect(all.count == 3)
        #expect(all.map(\.job) == all.map(\.job).sorted())
        #expect(try await store.readyJobs(needs: needs) == all)
        #expect(try await store.readyJobs(needs: []).isEmpty)
        let first = try await store.readyJobs(limit: 2)
        #expect(try await store.readyJobs(limit: 2, after: first[1].job, needs: needs).map(\.job) == [all[2].job])
    }

    @Test func cancellingOneJobGivesUpWhatNeedsIt() async throws {
        let receipt = try await store.submit(try queue.submission())
        let iso = JobID(receipt.build, "iso-amd64")
        _ = try await store.cancel(receipt.build, job: iso, reason: "not wanted")
        let states = try await store.details(of: receipt.build, lastSeq: 0).jobs.map(\.state)
        #expect(states == [.ready, .cancelled, .cancelled])
    }

    @Test func retryRunsWhatDidNotSucceed() async throws {
        let receipt = try await store.submit(try queue.submission())
        let image = try await queue.start()
        await #expect(throws: QueueError.self) { try await store.retry(receipt.build) }
        let full = Failure(cause: .spec, code: "x", message: "m")
        _ = try await store.finish(image.claim, .failed(full), artifacts: [])
        let retried = try await store.retry(receipt.build)
        #expect(retried.count == 3)
        let again = try await queue.start()
        #expect(again.attempt == 2)
        #expect(try await store.details(of: receipt.build, lastSeq: 0).summary.state == .running)
    }

    @Test func aBuildThatEndedLongAgoIsForgottenWhole() async throws {
        let (first, _) = try await queue.runBuild(try queue.submission(key: "a"))
        let open = try await store.submit(try queue.submission(key: "b", noCache: true))
        queue.pass(.seconds(7200))
        let unpublished = try await store.forgetBuilds(endedFor: .seconds(3600))
        #expect(unpublished.isEmpty, "its events may not be in its log yet")
        try await store.forgetFarmEvents(of: first.build, through: .max)
        let early = try await store.forgetBuilds(endedFor: .seconds(9999))
        #expect(early.isEmpty)
        let iso = try QueueFixture.artifact("a.iso", .iso)
        #expect(try await store.unreferenced([iso.digest]).isEmpty, "a build has it")
        #expect(try await store.forgetBuilds(endedFor: .seconds(3600)) == [first.build])
        #expect(try await store.forgetBuilds(endedFor: .seconds(3600)).isEmpty)
        let many = (0..<250).map { Digest(hash: [UInt8](repeating: UInt8($0), count: 32)) }
        #expect(try await store.unreferenced(many + [iso.digest]) == many + [iso.digest])
        #expect(try await store.builds(limit: 10).map(\.build) == [open.build])
        await #expect(throws: QueueError.self) { try await store.details(of: first.build, lastSeq: 0) }
        // The key may be used again, and nothing is taken from what is gone.
        let (again, ran) = try await queue.runBuild(try queue.submission(key: "a"))
        #expect(!again.isRepeated)
        #expect(ran.count > 3)
    }

    @Test func aBuildOfWhichNothingRunsIsQueued() async throws {
        let receipt = try await store.submit(try queue.submission())
        func state() async throws -> BuildState {
            try await store.details(of: receipt.build, lastSeq: 0).summary.state
        }
        #expect(try await state() == .queued)
        let ready = try #require(try await store.readyJobs().first)
        let claimed = try #require(try await store.claim(ready.job, for: WorkerName("w1")).job)
        #expect(try await state() == .running)
        #expect(try await store.decline(claimed.claim, reason: "no room") == .current)
        #expect(try await state() == .queued)
        queue.pass(.seconds(60))
        let second = try await queue.start()
        let down = Failure(cause: .infrastructure, code: "x", message: "m")
        _ = try await store.finish(second.claim, .failed(down), artifacts: [])
        #expect(try await state() == .queued)
        queue.pass(.seconds(60))
        let third = try await queue.start()
        #expect(try await state() == .running)
        _ = try await store.finish(third.claim, .succeeded, artifacts: [])
        #expect(try await state() == .queued)
    }

    @Test func aBuildIsFoundByTheBeginningOfItsName() async throws {
        let receipt = try await store.submit(try queue.submission())
        #expect(
            try await store.resolve(BuildID(String(receipt.build.rawValue.prefix(12)).lowercased())) == receipt.build)
        for wrong in ["", "ZZZ", "%", "*"] {
            let error = await #expect(throws: QueueError.self) { try await store.resolve(BuildID(wrong)) }
            #expect(error?.code == .unknownBuild)
        }
        queue.pass(.seconds(1))
        _ = try await store.submit(try queue.submission(key: "2"))
        let error = await #expect(throws: QueueError.self) { try await store.resolve(BuildID("0")) }
        #expect(error?.code == .ambiguousBuild)
    }

    @Test func everythingIsThereAfterARestart() async throws {
        let receipt = try await store.submit(try queue.submission())
        let image = try await queue.start()
        let before = try await store.details(of: receipt.build, lastSeq: 0)
        let again = try queue.reopened()
        #expect(try await again.details(of: receipt.build, lastSeq: 0) == before)
        let open = try await again.openClaims()
        #expect(open.map(\.claim) == [image.claim])
        #expect(open.map(\.worker) == [WorkerName("w1")])
        #expect(try await again.farmEvents(of: receipt.build, after: 0).count == 5)
        try await again.forgetFarmEvents(of: receipt.build, through: 3)
        #expect(try await again.buildsWithFarmEvents() == [receipt.build])
        #expect(await again.writes())
    }

    @Test func aDrainingWorkerStaysSoWhenItRegistersAgain() async throws {
        let offer = Register(architectures: [.amd64], slots: 2, capabilities: ["kvm": "yes"], host: "h")
        let name = WorkerName("w1")
        try await store.register(name, offer, software: "s")
        #expect(try await !store.isDraining(name))
        try await store.setDraining(name, true)
        try await store.register(name, offer, software: "s")
        #expect(try await store.isDraining(name))
        #expect(try await store.knownWorkers().map(\.offer) == [offer])
        let error = await #expect(throws: QueueError.self) { try await store.setDraining(WorkerName("w9"), true) }
        #expect(error?.code == .unknownWorker)
    }

    @Test func theClaimAndTheHeldJobsUseTheirIndexes() throws {
        let db = try Connection(queue.folder.file("q.sqlite"), .reader)
        let ready: [(Int, Int, Int, String)] = try db.all(
            "EXPLAIN QUERY PLAN SELECT id FROM jobs WHERE state = 'ready' AND id > '' ORDER BY id LIMIT 10")
        #expect(ready.map(\.3).joined().contains("jobs_ready"))
        #expect(!ready.map(\.3).joined().contains("TEMP B-TREE"))
        let held: [(Int, Int, Int, String)] = try db.all(
            "EXPLAIN QUERY PLAN SELECT id FROM jobs WHERE worker = 'w' AND state IN ('leased', 'running')")
        #expect(held.map(\.3).joined().contains("jobs_held"))
    }
}
