import FactoryProtocol
import FactoryQueue
import FactoryWire
import Testing

@testable import FactoryScheduling

/// What becomes of jobs and builds only the farm says, whatever a worker sends.
@Suite(.timeLimit(.minutes(2)))
struct ForeignEventTests {
    private static let lie = Verdict(result: .succeeded, message: "all went well", milliseconds: 1)
    private static let foreign: [Event.Kind] = [
        .buildEnded(BuildEnded(verdict: lie)), .jobStateChanged(JobStateChanged(state: .succeeded)),
        .buildAccepted(BuildAccepted(jobs: [])),
    ]

    @Test(arguments: foreign)
    func anEventThatOnlyTheFarmMakesIsAWarningAndEndsNoWatch(kind: Event.Kind) async throws {
        let fixture = try FarmFixture()
        try await fixture.run {
            let client = try await fixture.client()
            let (worker, _) = try await fixture.worker()
            let build = try await fixture.submit(client).build
            let assign: Assign = try await worker.expect()
            try await worker.say(Accepted(job: assign.job, fence: assign.fence))
            let kinds: [Event.Kind] = [.log(LogLine(text: "one")), kind, .log(LogLine(text: "two")), kind]
            let said = kinds.enumerated().map { Event(seq: Int64($0 + 1), at: .wall, kind: $1) }
            let ack = try await worker.ask(
                JobEvents(job: assign.job, fence: assign.fence, events: said), for: Ack.self)
            #expect(ack.through == 4)
            let failure = Failure(cause: .spec, code: "bad", message: "it is bad")
            let _: Settled = try await worker.ask(
                Finished(job: assign.job, fence: assign.fence, outcome: .failed(failure)))
            let (events, verdict) = try await client.watch(build)
            #expect(verdict.code == "bad")
            #expect(events.map(\.seq) == Array(1...Int64(events.count)))
            #expect(events.count { $0.kind == kind } == 0)
            #expect(events.count { $0.kind.name == "buildEnded" } == 1)
            #expect(events.count { $0.kind.name == "log" } == 2)
            let warnings = events.compactMap { event in
                if case .warning(let warning) = event.kind { warning } else { nil }
            }
            #expect(warnings.map(\.code) == ["foreign-event", "foreign-event"])
            #expect(warnings.allSatisfy { $0.message.contains(kind.name) }, "\(warnings)")
        }
    }
}
