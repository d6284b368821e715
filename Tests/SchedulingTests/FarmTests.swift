import FactoryProtocol
import FactoryQueue
import FactoryWire
import IO
import JSON
import TestSupport
import Testing

@testable import FactoryScheduling

@Suite(.timeLimit(.minutes(2)))
struct FarmTests {
    private func line(_ seq: Int64) -> Event {
        Event(seq: seq, at: .wall, kind: .log(LogLine(text: "line \(seq)")))
    }

    @Test func aBuildRunsFromSubmitToItsOneEnd() async throws {
        let fixture = try FarmFixture()
        try await fixture.run {
            let client = try await fixture.client()
            let (worker, _) = try await fixture.worker()
            let submitted = try await fixture.submit(client)
            #expect(submitted.jobs.map(\.name) == ["self-test-amd64"])
            #expect(submitted.warnings.isEmpty)
            let assign: Assign = try await worker.expect()
            #expect(assign.attempt == 1)
            #expect(assign.upload.reserveBytes == 12 << 20)
            try await worker.say(Accepted(job: assign.job, fence: assign.fence))
            let ack = try await worker.ask(
                JobEvents(job: assign.job, fence: assign.fence, events: (1...3).map(line)), for: Ack.self)
            #expect(ack.through == 3)
            let settled = try await worker.ask(
                Finished(job: assign.job, fence: assign.fence, outcome: .succeeded), for: Settled.self)
            #expect(settled.job == assign.job)
            let (events, verdict) = try await client.watch(submitted.build)
            #expect(verdict.result == .succeeded)
            #expect(events.map(\.seq) == Array(1...Int64(events.count)))
            #expect(
                events.map(\.kind.name) == [
                    "buildAccepted", "jobStateChanged", "jobStateChanged", "jobStateChanged", "log", "log", "log",
                    "jobStateChanged", "buildEnded",
                ])
            #expect(try await client.watch(submitted.build, from: 100).verdict.result == .succeeded)
        }
    }

    @Test func theSameKeyIsAnsweredTwiceAndABadSpecWithAllItsProblems() async throws {
        let fixture = try FarmFixture()
        try await fixture.run {
            let client = try await fixture.client()
            let first = try await fixture.submit(client)
            let second = try await fixture.submit(client)
            #expect(second.build == first.build)
            #expect(second.repeated)
            let bad: JSONValue = .object(["base": .string("distro:debian/potato"), "vershun": .string("1")])
            let error = await #expect(throws: ErrorReply.self) {
                try await client.ask(Submit(spec: bad, idempotencyKey: "x"), for: Submitted.self)
            }
            #expect(error?.code == "bad-spec")
            #expect((error?.problems.count ?? 0) >= 3)
            let other = await #expect(throws: ErrorReply.self) {
                try await client.ask(
                    Submit(spec: FarmFixture.selfTest(seconds: 2), idempotencyKey: "k"), for: Submitted.self)
            }
            #expect(other?.code == "key-reused")
        }
    }

    @Test func aPasswordInADescriptionIsRefusedAndStaysNowhere() async throws {
        let fixture = try FarmFixture()
        try await fixture.run {
            let client = try await fixture.client()
            for (key, value) in [("base", "docker://user:s3cr3t@h/x:1"), ("mirror", "http://user:s3cr3t@h/debian")] {
                var spec = ["base": "distro:debian/bookworm", "version": "v1.0.0"]
                spec[key] = value
                let message = Submit(spec: .object(spec.mapValues { .string($0) }), idempotencyKey: key)
                let error = await #expect(throws: ErrorReply.self) {
                    try await client.ask(message, for: Submitted.self)
                }
                #expect(error?.code == "bad-spec")
                let said = "\(error?.message ?? "") \(error?.problems.map { "\($0)" } ?? [])"
                #expect(!said.contains("s3cr3t") && said.contains("***"), "\(said)")
            }
            for name in ["q.sqlite", "q.sqlite-wal"] {
                let bytes = try FileIO.read(fixture.folder.file(name), limit: 64 << 20)
                #expect(bytes.firstRange(of: Array("s3cr3t".utf8)) == nil, "\(name)")
            }
        }
    }

    @Test func aMessageThatIsTooLargeIsToldFromALostConnection() async throws {
        let fixture = try FarmFixture()
        try await fixture.run {
            let connection = try await fixture.connect()
            let link = WorkerLink(connection, isLocal: true)
            let reason = String(repeating: "x", count: FrameLimits.afterWelcome)
            let error = await #expect(throws: WireError.self) {
                _ = try await link.give(CancelJob(job: JobID("b.j"), fence: Fence(1), reason: reason))
            }
            #expect(error?.kind == .violation(.frameTooLarge))
            // Nothing of it was sent.
            _ = try await connection.greet(Hello(role: .client, name: "test", software: "test"))
            connection.close()
            #expect(try await !link.give(Heartbeat()))
        }
    }

    @Test func whatNoWorkerCanEverRunIsSaidAtOnce() async throws {
        let fixture = try FarmFixture()
        try await fixture.run {
            let client = try await fixture.client()
            let (worker, _) = try await fixture.worker(capabilities: ["kvm": "yes"])
            let submitted = try await fixture.submit(client)
            #expect(submitted.warnings.map(\.code) == ["no-worker"])
            #expect(submitted.warnings[0].message.contains("w1: lacks isolation"))
            let explained = try await client.ask(Explain(job: submitted.jobs[0].job), for: Explained.self)
            #expect(explained.summary.contains("none ever will"))
            #expect(explained.lines == ["w1: lacks isolation"])
            let status = try await client.ask(AskStatus(), for: StatusReport.self)
            #expect(status.problems.map(\.code) == ["no-worker"])
            #expect(status.problems[0].suggestion == "factoryctl explain \(submitted.build) self-test-amd64")
            #expect(status.workers == 1)
            // What can never run is ahead of nobody.
            #expect(try await fixture.submit(client, key: "later").position == 0)
            worker.connection.close()
        }
    }

    @Test func aWorkerThatComesBackInTimeKeepsItsJob() async throws {
        let fixture = try FarmFixture()
        try await fixture.run {
            let client = try await fixture.client()
            let (worker, _) = try await fixture.worker()
            let submitted = try await fixture.submit(client)
            let assign: Assign = try await worker.expect()
            try await worker.say(Accepted(job: assign.job, fence: assign.fence))
            _ = try await worker.ask(
                JobEvents(job: assign.job, fence: assign.fence, events: (1...2).map(line)), for: Ack.self)
            worker.connection.close()
            let (again, resumed) = try await fixture.worker(
                holding: [HeldJob(job: assign.job, fence: assign.fence, through: 5)])
            #expect(resumed.keep == [KeptJob(job: assign.job, fence: assign.fence, ackedThrough: 2)])
            #expect(resumed.drop == [])
            // Resent from before what was acknowledged: nothing is doubled.
            _ = try await again.ask(
                JobEvents(job: assign.job, fence: assign.fence, events: (1...5).map(line)), for: Ack.self)
            _ = try await again.ask(
                Finished(job: assign.job, fence: assign.fence, outcome: .succeeded), for: Settled.self)
            _ = try await again.ask(
                Finished(job: assign.job, fence: assign.fence, outcome: .succeeded), for: Settled.self)
            let (events, _) = try await client.watch(submitted.build)
            #expect(events.filter { $0.kind.name == "log" }.count == 5)
            #expect(events.filter { $0.kind.name == "buildEnded" }.count == 1)
        }
    }

    @Test func aLostWorkersJobGoesToAnotherAndTheOldOneIsSuperseded() async throws {
        let fixture = try FarmFixture {
            $0.liveness = LivenessLimits(
                heartbeat: .milliseconds(500), dead: .seconds(10), grace: .milliseconds(500))
        }
        try await fixture.run {
            let client = try await fixture.client()
            let (worker, _) = try await fixture.worker("w1")
            let submitted = try await fixture.submit(client)
            let first: Assign = try await worker.expect()
            try await worker.say(Accepted(job: first.job, fence: first.fence))
            worker.connection.close()
            let (other, _) = try await fixture.worker("w2")
            // Its heartbeats keep it alive while the first one's time runs out.
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    while !Task.isCancelled {
                        try await other.say(Heartbeat())
                        try await Poller.shared.sleep(until: .in(.milliseconds(100)))
                    }
                }
                let second: Assign = try await other.expect()
                group.cancelAll()
                #expect(second.job == first.job)
                #expect(second.attempt == 2)
                #expect(second.fence > first.fence)
                try await other.say(Accepted(job: second.job, fence: second.fence))
                let (late, resumed) = try await fixture.worker(
                    "w1", holding: [HeldJob(job: first.job, fence: first.fence, through: 1)])
                #expect(resumed.drop == [Claim(job: first.job, fence: first.fence)])
                let answer = try await late.ask(
                    Finished(job: first.job, fence: first.fence, outcome: .succeeded), for: Superseded.self)
                #expect(answer.fence == first.fence)
                // Another worker's claim is not for it either.
                let stolen = try await late.ask(
                    Finished(job: second.job, fence: second.fence, outcome: .succeeded), for: Superseded.self)
                #expect(stolen.fence == second.fence)
                let _: Settled = try await other.ask(
                    Finished(job: second.job, fence: second.fence, outcome: .succeeded))
            }
            let (events, verdict) = try await client.watch(submitted.build)
            #expect(verdict.result == .succeeded)
            let reasons = events.compactMap { event -> String? in
                guard case .jobStateChanged(let change) = event.kind else { return nil }
                return change.reason
            }
            #expect(reasons.contains { $0.contains("worker w1 was not heard") })
        }
    }

    @Test func aSilentConnectionIsClosed() async throws {
        let fixture = try FarmFixture {
            $0.liveness = LivenessLimits(
                heartbeat: .milliseconds(200), dead: .seconds(3), grace: .milliseconds(800))
        }
        try await fixture.run {
            let (worker, _) = try await fixture.worker()
            await #expect(throws: WireError.self) {
                while true { _ = try await worker.connection.next(until: .in(.seconds(20))) }
            }
        }
    }

    @Test func aJobThatNeverArrivedIsNoAttempt() async throws {
        let fixture = try FarmFixture()
        try await fixture.run {
            let client = try await fixture.client()
            let (worker, _) = try await fixture.worker()
            _ = try await fixture.submit(client)
            let first: Assign = try await worker.expect()
            worker.connection.close()
            let (again, resumed) = try await fixture.worker()
            #expect(resumed.keep.isEmpty)
            let second: Assign = try await again.expect()
            #expect(second.attempt == 1)
            #expect(second.fence > first.fence)
            try await again.say(Declined(job: second.job, fence: second.fence, reason: "no room"))
            let third: Assign = try await again.expect()
            #expect(third.attempt == 1)
        }
    }

    @Test func cancellingReachesTheWorkerAndTheBuildEndsCancelled() async throws {
        let fixture = try FarmFixture()
        try await fixture.run {
            let client = try await fixture.client()
            let (worker, _) = try await fixture.worker()
            let submitted = try await fixture.submit(client)
            let assign: Assign = try await worker.expect()
            try await worker.say(Accepted(job: assign.job, fence: assign.fence))
            // The answer says that the acceptance is on the disk: before that a cancellation is told twice.
            _ = try await worker.ask(
                JobEvents(job: assign.job, fence: assign.fence, events: [line(1)]), for: Ack.self)
            let cancelling = try await client.ask(
                CancelBuild(build: submitted.build, reason: "root asked"), for: Cancelling.self)
            #expect(cancelling.jobs == [assign.job])
            let order: CancelJob = try await worker.expect()
            #expect(order.reason == "root asked")
            let outcome = Outcome.cancelled(Cancellation(reason: order.reason, killed: false))
            let _: Settled = try await worker.ask(Finished(job: order.job, fence: order.fence, outcome: outcome))
            let (_, verdict) = try await client.watch(submitted.build)
            #expect(verdict.result == .cancelled)
        }
    }

    @Test func aSuccessWithoutItsArtifactsIsNone() async throws {
        let fixture = try FarmFixture()
        try await fixture.run {
            let client = try await fixture.client()
            let (worker, _) = try await fixture.worker()
            let submitted = try await fixture.submit(client)
            let artifact = Artifact(
                name: "a", role: .iso, digest: Digest(hash: [UInt8](repeating: 1, count: 32)), size: 1, mediaType: "x/y"
            )
            for attempt in 1...3 {
                let assign: Assign = try await worker.expect()
                #expect(assign.attempt == attempt)
                try await worker.say(Accepted(job: assign.job, fence: assign.fence))
                let _: Settled = try await worker.ask(
                    Finished(job: assign.job, fence: assign.fence, outcome: .succeeded, artifacts: [artifact]))
            }
            let (_, verdict) = try await client.watch(submitted.build)
            #expect(verdict.result == .infrastructure)
            #expect(verdict.code == "artifact-missing")
        }
    }

    @Test func aDrainingWorkerGetsNothingMore() async throws {
        let fixture = try FarmFixture()
        try await fixture.run {
            let client = try await fixture.client()
            let (worker, _) = try await fixture.worker()
            _ = try await client.ask(DrainWorker(worker: WorkerName("w1")), for: Done.self)
            let _: Drain = try await worker.expect()
            let submitted = try await fixture.submit(client)
            let explained = try await client.ask(Explain(job: submitted.jobs[0].job), for: Explained.self)
            #expect(explained.lines == ["w1: is draining"])
            _ = try await client.ask(UndrainWorker(worker: WorkerName("w1")), for: Done.self)
            let _: Assign = try await worker.expect()
        }
    }

    @Test func afterARestartEverythingGoesOn() async throws {
        let fixture = try FarmFixture()
        var assign: Assign?
        var build: BuildID?
        try await fixture.run {
            let client = try await fixture.client()
            let (worker, _) = try await fixture.worker()
            build = try await fixture.submit(client).build
            let given: Assign = try await worker.expect()
            try await worker.say(Accepted(job: given.job, fence: given.fence))
            _ = try await worker.ask(
                JobEvents(job: given.job, fence: given.fence, events: [line(1)]), for: Ack.self)
            assign = given
        }
        let given = try #require(assign)
        let next = try FarmFixture(in: fixture.folder)
        try await next.run {
            let (worker, resumed) = try await next.worker(
                holding: [HeldJob(job: given.job, fence: given.fence, through: 3)])
            #expect(resumed.keep.map(\.ackedThrough) == [1])
            _ = try await worker.ask(
                JobEvents(job: given.job, fence: given.fence, events: (2...3).map(line)), for: Ack.self)
            let _: Settled = try await worker.ask(Finished(job: given.job, fence: given.fence, outcome: .succeeded))
            let client = try await next.client()
            let (events, _) = try await client.watch(try #require(build))
            #expect(events.map(\.seq) == Array(1...Int64(events.count)))
            #expect(events.filter { $0.kind.name == "log" }.count == 3)
        }
    }
}
