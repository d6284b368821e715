import FactoryProtocol
import FactoryQueue
import IO
import TestSupport
import Testing

@testable import FactoryScheduling

/// Draining, in the queue and in memory.
@Suite(.timeLimit(.minutes(2)))
struct DrainingTests {
    private let name = WorkerName("w1")
    private let offer = Register(
        architectures: [.amd64], slots: 1, capabilities: ["isolation": "namespaces"], host: "h")

    /// What two tasks do at once to whether a worker drains.
    enum Meeting: String, CaseIterable, Sendable {
        case aDrainAndARegistration
        case anUndrainAndARegistration
        case aDrainAndAnUndrain
    }

    @Test("what the queue has of draining is what placement goes by, whoever meets whom", arguments: Meeting.allCases)
    func meeting(_ meeting: Meeting) async throws {
        let fixture = try FarmFixture()
        let farm = fixture.farm
        try await fixture.run {
            _ = try await fixture.worker()
            for round in 0..<100 {
                try await farm.setDraining(name, meeting == .anUndrainAndARegistration)
                async let first: Void = farm.setDraining(name, meeting != .anUndrainAndARegistration)
                async let second: Void =
                    meeting == .aDrainAndAnUndrain
                    ? farm.setDraining(name, false) : farm.write(name, offer, "test")
                _ = try await (first, second)
                let expected = try await farm.store.isDraining(name)
                #expect(farm.registry.isDraining(name) == expected, "round \(round)")
                if meeting != .aDrainAndAnUndrain { #expect(expected == (meeting == .aDrainAndARegistration)) }
            }
        }
    }

    @Test(arguments: [true, false])
    func anOrderThatComesWhileARegistrationIsNotedCounts(isDraining: Bool) async throws {
        let fixture = try FarmFixture()
        let farm = fixture.farm
        try await fixture.run {
            _ = try await fixture.worker()
            try await farm.setDraining(name, !isDraining)
            var asked = 0
            try await farm.takeOverDraining(of: name) { () async throws(QueueError) in
                let found = try await farm.store.isDraining(name)
                asked += 1
                // The order is given and noted before the registration has noted what it read.
                if asked == 1 { try await farm.setDraining(name, isDraining) }
                return found
            }
            #expect(asked == 2)
            #expect(farm.registry.isDraining(name) == isDraining)
        }
    }
}
