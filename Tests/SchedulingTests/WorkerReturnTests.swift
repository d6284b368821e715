import FactoryEvents
import FactoryProtocol
import FactoryQueue
import FactorySpec
import FactoryWire
import IO
import JSON
import TestSupport
import Testing

@testable import FactoryScheduling

/// What happens to jobs when messages cross, workers go and come, and names are used twice.
@Suite(.timeLimit(.minutes(2)))
struct WorkerReturnTests {
    private let a = String(repeating: "a", count: 32)
    private let b = String(repeating: "b", count: 32)

    private func line(_ seq: Int64) -> Event {
        Event(seq: seq, at: .wall, kind: .log(LogLine(text: "line \(seq)")))
    }

    @Test func aCancellationThatCameBeforeTheJobIsToldAgain() async throws {
        let fixture = try FarmFixture()
        try await fixture.run {
            let client = try await fixture.client()
            let (worker, _) = try await fixture.worker()
            let submitted = try await fixture.submit(client)
            let assign: Assign = try await worker.expect()
            _ = try await client.ask(CancelBuild(build: submitted.build, reason: "root asked"), for: Cancelling.self)
            // To a worker that has not taken the job yet this means nothing.
            let _: CancelJob = try await worker.expect()
            try await worker.say(Accepted(job: assign.job, fence: assign.fence))
            let order: CancelJob = try await worker.expect()
            #expect(order == CancelJob(job: assign.job, fence: assign.fence, reason: "root asked"))
        }
    }

    @Test func aJobThatWasGivenUpWhileItsWorkerWasAwayIsEndedWhenItReturns() async throws {
        let fixture = try FarmFixture {
            $0.liveness = LivenessLimits(
                heartbeat: .milliseconds(200), dead: .seconds(3), grace: .milliseconds(200))
        }
        try await fixture.run {
            let client = try await fixture.client()
            let (worker, _) = try await fixture.worker()
            let submitted = try await fixture.submit(client)
            let assign: Assign = try await worker.expect()
            try await worker.say(Accepted(job: assign.job, fence: assign.fence))
            _ = try await worker.ask(
                JobEvents(job: assign.job, fence: assign.fence, events: [line(1)]), for: Ack.self)
            worker.connection.close()
            _ = try await client.ask(CancelBuild(build: submitted.build, reason: "root asked"), for: Cancelling.self)
            #expect(try await client.watch(submitted.build).verdict.result == .cancelled)
            let (again, resumed) = try await fixture.worker(
                holding: [HeldJob(job: assign.job, fence: assign.fence, through: 1)])
            #expect(resumed.keep.map(\.job) == [assign.job])
            let order: CancelJob = try await again.expect()
            #expect(order.reason == "the job is over: root asked")
            let outcome = Outcome.cancelled(Cancellation(reason: order.reason, killed: false))
            let _: Settled = try await again.ask(Finished(job: order.job, fence: order.fence, outcome: outcome))
        }
    }

    /// As when the disk was full while the worker was away, and is not any more.
    @Test func whatCouldNotBeGivenBackIsKeptByTheWorkerThatReturnedWithIt() async throws {
        let fixture = try FarmFixture()
        try await fixture.run {
            let client = try await fixture.client()
            let (worker, _) = try await fixture.worker()
            let submitted = try await fixture.submit(client)
            let assign: Assign = try await worker.expect()
            try await worker.say(Accepted(job: assign.job, fence: assign.fence))
            _ = try await worker.ask(
                JobEvents(job: assign.job, fence: assign.fence, events: [line(1)]), for: Ack.self)
            worker.connection.close()
            let (again, _) = try await fixture.worker(
                holding: [HeldJob(job: assign.job, fence: assign.fence, through: 1)])
            let claim = Claim(job: assign.job, fence: assign.fence)
            let lost = Farm.Return.lost(Failure(cause: .worker, code: "worker-lost", message: "m"))
            await fixture.farm.giveBackAtLast(claim, lost)
            let _: Settled = try await again.ask(
                Finished(job: assign.job, fence: assign.fence, outcome: .succeeded))
            #expect(try await client.watch(submitted.build).verdict.result == .succeeded)
        }
    }

    @Test func aSecondAgentUnderOneNameIsRefusedAndHarmsNoJob() async throws {
        let fixture = try FarmFixture()
        try await fixture.run {
            let client = try await fixture.client()
            var (worker, _) = try await fixture.worker(instance: a)
            let submitted = try await fixture.submit(client)
            let assign: Assign = try await worker.expect()
            try await worker.say(Accepted(job: assign.job, fence: assign.fence))
            _ = try await worker.ask(
                JobEvents(job: assign.job, fence: assign.fence, events: [line(1)]), for: Ack.self)
            let offer = Register(
                architectures: [.amd64], slots: 1, capabilities: ["isolation": "namespaces"], host: "h", instance: b)
            // While the first is connected, and while it may come back for its job.
            for round in 1...2 {
                let second = try await fixture.stranger("w1")
                let refused: Refused = try await second.ask(offer)
                #expect(refused.code == "name-taken")
                #expect(refused.message.contains("w1"))
                if round == 1 { worker.connection.close() }
            }
            let resumed: Resumed
            (worker, resumed) = try await fixture.worker(
                instance: a, holding: [HeldJob(job: assign.job, fence: assign.fence, through: 1)])
            #expect(resumed.keep.map(\.job) == [assign.job])
            let _: Settled = try await worker.ask(
                Finished(job: assign.job, fence: assign.fence, outcome: .succeeded))
            #expect(try await client.watch(submitted.build).verdict.result == .succeeded)
        }
        // The next daemon knows as well whose the name is.
        let known = try await fixture.farm.store.knownWorkers()
        #expect(known.map(\.offer.instance) == [a])
    }

    @Test func anInstanceIsThirtyTwoHexadecimalDigits() async throws {
        let fixture = try FarmFixture()
        try await fixture.run {
            for wrong in ["", "a", String(repeating: "g", count: 32), a + "a"] {
                let peer = try await fixture.stranger("w1")
                let offer = Register(architectures: [.amd64], slots: 1, capabilities: [:], host: "h", instance: wrong)
                let error: ErrorReply = try await peer.ask(offer)
                #expect(error.code == "bad-message")
            }
        }
    }

    @Test func anUnreadableLogCostsNoJob() async throws {
        let fixture = try FarmFixture()
        var given: [Assign] = []
        try await fixture.run {
            let client = try await fixture.client()
            let (worker, _) = try await fixture.worker(slots: 2)
            for key in ["a", "b"] {
                _ = try await fixture.submit(client, key: key)
                let assign: Assign = try await worker.expect()
                try await worker.say(Accepted(job: assign.job, fence: assign.fence))
                _ = try await worker.ask(
                    JobEvents(job: assign.job, fence: assign.fence, events: (1...3).map(line)), for: Ack.self)
                given.append(assign)
            }
        }
        // Zeros over the third event, as a power cut leaves them.
        let path = fixture.folder.file("logs/\(given[0].job.build.rawValue)/events.ndjson")
        var bytes = try FileIO.read(path, limit: 1 << 20)
        let third = try #require(bytes.split(separator: 10, omittingEmptySubsequences: false).dropFirst(2).first)
        for index in third.indices { bytes[index] = 0 }
        try AtomicFile.write(bytes, to: path)

        let next = try FarmFixture(in: fixture.folder)
        try await next.run {
            let held = given.map { HeldJob(job: $0.job, fence: $0.fence, through: 3) }
            let (worker, resumed) = try await next.worker(slots: 2, holding: held)
            #expect(resumed.keep.map(\.ackedThrough).sorted() == [0, 3])
            let client = try await next.client()
            for assign in given {
                _ = try await worker.ask(
                    JobEvents(job: assign.job, fence: assign.fence, events: (1...3).map(line)), for: Ack.self)
                let _: Settled = try await worker.ask(
                    Finished(job: assign.job, fence: assign.fence, outcome: .succeeded))
                let (events, verdict) = try await client.watch(assign.job.build)
                #expect(verdict.result == .succeeded)
                #expect(events.map(\.seq) == Array(1...Int64(events.count)))
                #expect(events.filter { $0.kind.name == "log" }.count == 3)
                #expect(events.filter { $0.kind.name == "jobStateChanged" }.count == 4)
            }
        }
    }

    @Test(arguments: [true, false])
    func theLostEndOfABuildThatIsOverIsSaidAnew(isRemoved: Bool) async throws {
        let fixture = try FarmFixture()
        var build = BuildID("")
        try await fixture.run {
            let client = try await fixture.client()
            let (worker, _) = try await fixture.worker()
            build = try await fixture.submit(client).build
            let assign: Assign = try await worker.expect()
            let _: Settled = try await worker.ask(
                Finished(job: assign.job, fence: assign.fence, outcome: .succeeded))
            _ = try await client.watch(build)
        }
        let path = fixture.folder.file("logs/\(build.rawValue)/events.ndjson")
        let log = try FileIO.read(path, limit: 1 << 20)
        if isRemoved {
            try Directory.remove(FileIO.parent(path))
        } else {
            try AtomicFile.write(Array("zeros\n".utf8) + log, to: path)
        }
        let next = try FarmFixture(in: fixture.folder)
        try await next.run {
            let (events, verdict) = try await next.client().watch(build)
            #expect(verdict.result == .succeeded)
            #expect(events.map(\.kind.name) == ["buildEnded"])
        }
    }

    @Test(arguments: ["damaged-blob", "input-unavailable"])
    func inputsThatAreSaidToBeDamagedAreHashedAgain(code: String) async throws {
        let fixture = try FarmFixture()
        try await fixture.run {
            let client = try await fixture.client()
            let (worker, _) = try await fixture.worker(
                capabilities: Dictionary(
                    uniqueKeysWithValues: [
                        "isolation", "root", "tool.mmdebstrap", "tool.mksquashfs", "tool.xorriso", "tool.mformat",
                        "tool.mcopy",
                    ].map { ($0, "yes") }))
            let spec = JSONValue.object([
                "base": .string("distro:debian/bookworm"), "version": .string("v1.0.0"),
            ])
            let submitted = try await client.ask(Submit(spec: spec, idempotencyKey: "k"), for: Submitted.self)
            let image: Assign = try await worker.expect()
            try await worker.say(Accepted(job: image.job, fence: image.fence))
            let artifact = Artifact(
                name: "layer", role: .layer, digest: Digest(hash: [UInt8](repeating: 1, count: 32)), size: 1,
                mediaType: "application/octet-stream")
            fixture.kept.withLock { _ = $0.insert(artifact.digest) }
            let _: Settled = try await worker.ask(
                Finished(job: image.job, fence: image.fence, outcome: .succeeded, artifacts: [artifact]))
            let iso: Assign = try await worker.expect()
            #expect(iso.inputs.map(\.artifact) == [artifact])
            try await worker.say(Accepted(job: iso.job, fence: iso.fence))
            let failure = Failure(cause: .infrastructure, code: code, message: "the copy is damaged")
            let _: Settled = try await worker.ask(
                Finished(job: iso.job, fence: iso.fence, outcome: .failed(failure)))
            guard code == "damaged-blob" else { return #expect(fixture.verified.withLock { $0 } == []) }
            #expect(fixture.verified.withLock { $0 } == [artifact.digest])
            // Another attempt would read the same.
            let (_, verdict) = try await client.watch(submitted.build)
            #expect(verdict.result == .infrastructure && verdict.code == code)
        }
    }

    @Test func whatAFailedJobDeliveredIsListed() async throws {
        let fixture = try FarmFixture()
        try await fixture.run {
            let client = try await fixture.client()
            let (worker, _) = try await fixture.worker()
            let submitted = try await fixture.submit(client)
            let assign: Assign = try await worker.expect()
            try await worker.say(Accepted(job: assign.job, fence: assign.fence))
            let artifacts = (1...2).map { number in
                Artifact(
                    name: "console-\(number).log", role: .consoleLog,
                    digest: Digest(hash: [UInt8](repeating: UInt8(number), count: 32)), size: 1,
                    mediaType: "text/plain")
            }
            fixture.kept.withLock { _ = $0.insert(artifacts[0].digest) }
            let failure = Failure(cause: .spec, code: "no-boot", message: "it does not boot")
            let _: Settled = try await worker.ask(
                Finished(job: assign.job, fence: assign.fence, outcome: .failed(failure), artifacts: artifacts))
            let list = try await client.ask(ListArtifacts(build: submitted.build), for: ArtifactList.self)
            #expect(list.artifacts.map(\.artifact) == [artifacts[0]], "what never arrived is not listed")
            let (_, verdict) = try await client.watch(submitted.build)
            #expect(verdict.code == "no-boot")
        }
    }

    @Test func anyNumberOfJobsThatNobodyCanRunHideNoOther() async throws {
        let fixture = try FarmFixture()
        let spec = BuildSpec(base: .distribution(.bookworm), version: try ImageVersion(parsing: "v1.0.0"))
        let store = fixture.farm.store
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<1100 {
                group.addTask {
                    _ = try await store.submit(
                        Submission(
                            spec: spec, plan: Planner.plan(spec), idempotencyKey: "\(number)", noCache: false,
                            user: "alice"))
                }
            }
            try await group.waitForAll()
        }
        try await fixture.run {
            let client = try await fixture.client()
            let (worker, _) = try await fixture.worker()
            let submitted = try await fixture.submit(client)
            let assign: Assign = try await worker.expect()
            #expect(assign.job.build == submitted.build)
        }
    }

    @Test func aLogThatCannotBeOpenedCostsNoOtherJob() async throws {
        let fixture = try FarmFixture()
        try await fixture.run {
            let client = try await fixture.client()
            let (worker, _) = try await fixture.worker(slots: 2)
            let build = try await fixture.submit(client, key: "a").build
            let first: Assign = try await worker.expect()
            // In the place of the log, which is not open any more, something that is none.
            await fixture.farm.publisher.published(build)
            try await fixture.farm.logs.remove(build)
            let folder = fixture.folder.file("logs/\(build)")
            for path in [folder, folder + "/events.ndjson"] { try Directory.make(path) }
            try await worker.say(Accepted(job: first.job, fence: first.fence))
            try await worker.say(JobEvents(job: first.job, fence: first.fence, events: [line(1)]))

            let other = try await fixture.submit(client, key: "b").build
            let second: Assign = try await worker.expect()
            try await worker.say(Accepted(job: second.job, fence: second.fence))
            _ = try await worker.ask(
                JobEvents(job: second.job, fence: second.fence, events: [line(1)]), for: Ack.self)
            let _: Settled = try await worker.ask(Finished(job: second.job, fence: second.fence, outcome: .succeeded))
            #expect(try await client.watch(other).verdict.result == .succeeded)

            try Directory.remove(folder)
            #expect(try await worker.expect(Ack.self) == Ack(job: first.job, fence: first.fence, through: 1))
            let _: Settled = try await worker.ask(Finished(job: first.job, fence: first.fence, outcome: .succeeded))
            #expect(try await client.watch(build).verdict.result == .succeeded)
        }
    }

    @Test func aBuildThatIsOverForLongIsForgottenWithItsLog() async throws {
        let fixture = try FarmFixture {
            $0.forgetBuildsAfter = .milliseconds(1)
            $0.forgetting = .milliseconds(50)
        }
        try await fixture.run {
            let client = try await fixture.client()
            let build = try await fixture.submit(client).build
            let other = try await fixture.submit(client, key: "other").build
            _ = try await client.ask(CancelBuild(build: build, reason: "enough"), for: Cancelling.self)
            let deadline = Deadline.in(.seconds(20))
            let logs = fixture.folder.file("logs")
            while try Directory.entries(logs).map(\.name) != [other.rawValue], !deadline.hasPassed {
                try await Poller.shared.sleep(until: .in(.milliseconds(20)))
            }
            #expect(try Directory.entries(logs).map(\.name) == [other.rawValue])
            let error = await #expect(throws: ErrorReply.self) {
                try await client.ask(ShowBuild(build: build), for: BuildDetails.self)
            }
            #expect(error?.code == "unknown-build")
            // As when its events were asked for in the moment in which it was forgotten.
            fixture.farm.publisher.wake(build)
            await fixture.farm.publisher.published(build)
            #expect(try Directory.entries(logs).map(\.name) == [other.rawValue])
        }
    }

    @Test func aWorkerThatIsGoneForLongIsForgotten() async throws {
        let fixture = try FarmFixture {
            $0.forgetWorkersAfter = .milliseconds(300)
            $0.forgetting = .milliseconds(50)
        }
        try await fixture.run {
            let client = try await fixture.client()
            let (gone, _) = try await fixture.worker("gone")
            let (drained, _) = try await fixture.worker("drained")
            _ = try await client.ask(DrainWorker(worker: WorkerName("drained")), for: Done.self)
            let (here, _) = try await fixture.worker("here")
            gone.connection.close()
            drained.connection.close()
            var names: [String] = []
            let deadline = Deadline.in(.seconds(20))
            repeat {
                try await Poller.shared.sleep(until: .in(.milliseconds(20)))
                names = try await client.ask(ListWorkers(), for: WorkerList.self).workers.map(\.name.rawValue)
            } while names.contains("gone") && !deadline.hasPassed
            #expect(names == ["drained", "here"])
            #expect(try await fixture.farm.store.knownWorkers().map(\.name.rawValue) == ["drained", "here"])
            here.connection.close()
        }
    }
}
