import FactoryProtocol
import FactoryWire
import IO
import Testing

@testable import FactoryScheduling

/// What the registry decides about silence, names and claims.
@Suite struct RegistryTests {
    private let registry = WorkerRegistry(limits: LivenessLimits(dead: .seconds(30), grace: .seconds(30)))
    private let name = WorkerName("w1")
    private let start = ContinuousClock.now
    private let claim = Claim(job: JobID("B.image"), fence: Fence(1))
    private let other = Claim(job: JobID("B.iso"), fence: Fence(2))

    private func link() throws -> WorkerLink {
        WorkerLink(FrameConnection(try Socket.pair().0), isLocal: true)
    }

    private func offer(_ instance: String? = nil) -> Register {
        Register(architectures: [.amd64], slots: 2, capabilities: [:], host: "h", instance: instance)
    }

    private func connect(_ link: WorkerLink, after: Duration, _ instance: String? = nil) -> WorkerRegistry.Admission {
        registry.connected(
            name, offer(instance), software: "s", link: link, at: Timestamp(milliseconds: 1), now: start + after)
    }

    private func isTaken(_ admission: WorkerRegistry.Admission) -> Bool {
        if case .taken = admission { true } else { false }
    }

    /// As when the state disk is full: nothing that it says can be written down.
    @Test func aWorkerThatKnocksIsNotSilentThoughItCannotRegister() throws {
        for seconds in stride(from: 0, through: 120, by: 10) {
            let link = try link()
            _ = connect(link, after: .seconds(seconds))
            registry.disconnected(name, link)
            registry.hold(claim, by: name)
            #expect(registry.tick(now: start + .seconds(seconds + 9)).isEmpty)
        }
        #expect(registry.tick(now: start + .seconds(181)).map(\.held) == [[claim]])
    }

    @Test func aClaimThatCameWhileTheWorkerResumedIsNotForgotten() throws {
        let link = try link()
        _ = connect(link, after: .zero)
        registry.hold(claim, by: name)
        registry.hold(other, by: name)
        registry.holds(name, link, kept: [], lost: [other])
        #expect(registry.resumedLink(of: name) == nil, "nothing is assigned before it was answered")
        registry.resumed(name, link)
        #expect(registry.resumedLink(of: name) === link)
        #expect(registry.isHeld(claim))
        #expect(!registry.isHeld(other))
    }

    @Test func aClaimForAWorkerThatWasJustGivenUpIsGivenAwayWithTheNextTick() throws {
        let link = try link()
        _ = connect(link, after: .zero)
        registry.disconnected(name, link)
        #expect(registry.tick(now: start + .seconds(60)).map(\.action) == [.giveJobsAway])
        registry.hold(claim, by: name)
        #expect(registry.tick(now: start + .seconds(61)).map(\.held) == [[claim]])
        #expect(registry.tick(now: start + .seconds(62)).isEmpty)
    }

    @Test func aNameBelongsToOneInstance() throws {
        let (a, b) = (String(repeating: "a", count: 32), String(repeating: "b", count: 32))
        let first = try link()
        #expect(!isTaken(connect(first, after: .zero, a)))
        #expect(isTaken(connect(try link(), after: .zero, b)))
        #expect(isTaken(connect(try link(), after: .zero, nil)))
        let again = try link()
        guard case .admitted(let before, _) = connect(again, after: .zero, a) else {
            Issue.record("the same instance was refused")
            return
        }
        #expect(before === first)
        registry.hold(claim, by: name)
        registry.disconnected(name, again)
        #expect(isTaken(connect(try link(), after: .zero, b)), "it may come back for its job")
        _ = registry.tick(now: start + .seconds(60))
        #expect(!isTaken(connect(try link(), after: .seconds(61), b)), "its jobs were given away")
    }

    @Test func anOfferIsWrittenDownOnceAndAgainWhenItChanged() throws {
        func isNew(_ admission: WorkerRegistry.Admission) -> Bool? {
            if case .admitted(_, let isNew) = admission { isNew } else { nil }
        }
        #expect(isNew(connect(try link(), after: .zero)) == true)
        #expect(isNew(connect(try link(), after: .zero)) == true, "it was not written down yet")
        registry.registered(name, offer(), software: "s")
        #expect(isNew(connect(try link(), after: .zero)) == false)
        registry.registered(name, offer(), software: "older")
        #expect(isNew(connect(try link(), after: .zero)) == true)
    }

    @Test func whatWasReadOfDrainingBeforeSomethingNewerWasNotedDoesNotCount() throws {
        _ = connect(try link(), after: .zero)
        let version = registry.drainingVersion(of: name)
        #expect(registry.setDraining(name, true, at: version))
        #expect(!registry.setDraining(name, false, at: version))
        #expect(registry.isDraining(name))
        #expect(registry.setDraining(name, false, at: registry.drainingVersion(of: name)))
        #expect(!registry.isDraining(name))
        #expect(registry.setDraining(WorkerName("nobody"), true, at: 0), "of an unknown worker nothing has to be noted")
    }
}
