import FactoryEvents
import FactoryProtocol
import FactoryQueue
import Glibc
import IO
import TestSupport
import Testing

@testable import FactoryScheduling

/// What housekeeping removes, and what it must leave.
@Suite(.timeLimit(.minutes(2)))
struct ForgettingTests {
    private static let orphan = BuildID("01K8QZ3V9X7M4N2P6R8T0W1Y5A")

    private func log(_ build: BuildID, _ fixture: FarmFixture) -> String { fixture.folder.file("logs/\(build)") }

    private func isThere(_ build: BuildID, _ fixture: FarmFixture) throws -> Bool {
        try FileIO.status(log(build, fixture)) != nil
    }

    /// Makes a log look as if nothing had been written to it for long.
    private func age(_ build: BuildID, _ fixture: FarmFixture) async throws {
        await fixture.farm.publisher.published(build)
        var times = [timespec(tv_sec: 1000, tv_nsec: 0), timespec(tv_sec: 1000, tv_nsec: 0)]
        try #require(utimensat(AT_FDCWD, log(build, fixture) + "/events.ndjson", &times, 0) == 0)
    }

    private func makeOrphan(_ fixture: FarmFixture) async throws {
        let event = Event(seq: 0, at: .wall, kind: .log(LogLine(text: "x")))
        try await fixture.farm.logs.log(of: Self.orphan).append(farm: [(id: 1, event: event)])
    }

    @Test func theLogOfABuildThatTheQueueDoesNotKnowGoesWhenItIsOldEnough() async throws {
        let fixture = try FarmFixture { $0.forgetBuildsAfter = .seconds(3600) }
        try await fixture.run {
            let known = try await fixture.submit(try await fixture.client()).build
            try await makeOrphan(fixture)
            try Directory.make(fixture.folder.file("logs/lost+found"))
            try Directory.make(fixture.folder.file("logs/\(Self.orphan).old"))
            try await age(known, fixture)
            await fixture.farm.forget()
            #expect(try isThere(Self.orphan, fixture), "something was written to it just now")
            try await age(Self.orphan, fixture)
            await fixture.farm.forget()
            #expect(try !isThere(Self.orphan, fixture))
            #expect(try isThere(known, fixture), "the queue knows the build")
            #expect(try FileIO.status(fixture.folder.file("logs/lost+found")) != nil)
            #expect(try FileIO.status(fixture.folder.file("logs/\(Self.orphan).old")) != nil)
        }
    }

    @Test func whereAllBuildsAreKeptEveryLogIs() async throws {
        let fixture = try FarmFixture()
        try await fixture.run {
            try await makeOrphan(fixture)
            try await age(Self.orphan, fixture)
            await fixture.farm.forget()
            #expect(try isThere(Self.orphan, fixture))
        }
    }

    @Test func aBuildThatIsSubmittedBetweenListingAndAskingKeepsItsLog() async throws {
        let fixture = try FarmFixture()
        try await fixture.run {
            try await makeOrphan(fixture)
            let client = try await fixture.client()
            let early = try await fixture.submit(client).build
            let listed = try await fixture.farm.logs.builds()
            let late = try await fixture.submit(client, key: "late").build
            for build in [early, late, Self.orphan] { try await age(build, fixture) }
            // The clock may not decide: all of them are old enough.
            let removed = try await fixture.farm.removeOrphans(among: listed, unchangedSince: .wall)
            #expect(removed == 1)
            #expect(try await fixture.farm.logs.builds() == [early, late].sorted())
        }
    }

    @Test func aJobThatCouldNotBePlacedIsNotRememberedOnceItIsCancelled() async throws {
        let fixture = try FarmFixture()
        try await fixture.run {
            let client = try await fixture.client()
            let waiting = try await fixture.submit(client).jobs[0].job
            let cancelled = try await fixture.submit(client, key: "other")
            for job in [waiting, cancelled.jobs[0].job, JobID("\(Self.orphan).image")] {
                fixture.farm.unplaceable(job, QueueError(.unreadable, "cannot be read"))
            }
            _ = try await client.ask(CancelBuild(build: cancelled.build, reason: "enough"), for: Cancelling.self)
            await fixture.farm.forget()
            #expect(fixture.farm.unplaced.withLock { $0 } == [waiting])
        }
    }
}
