import FactoryProtocol
import Testing

@testable import FactoryScheduling

private func worker(
    _ name: String, _ architectures: [Architecture] = [.amd64], slots: Int = 1, held: Int = 0,
    state: WorkerSummary.State = .connected, can capabilities: [String: String] = ["isolation": "namespaces"]
) -> WorkerOffer {
    WorkerOffer(
        name: WorkerName(name), architectures: architectures, slots: slots, capabilities: capabilities, state: state,
        held: held)
}

private let need = JobNeed(job: JobID("01B.image-amd64"), architecture: .amd64, requirements: ["isolation"])

@Suite struct PlacementTests {
    @Test func theWorkerWithTheLargestShareOfFreeSlotsIsChosen() {
        let workers = [worker("a", slots: 2, held: 1), worker("b", slots: 4, held: 1), worker("c", slots: 1, held: 1)]
        #expect(Placement.choose(need, among: workers) == WorkerName("b"))
        #expect(Placement.choose(need, among: [worker("y"), worker("x")]) == WorkerName("x"))
        #expect(Placement.choose(need, among: []) == nil)
    }

    @Test(arguments: [
        (worker("w", [.arm64]), [Placement.Obstacle.architecture]),
        (worker("w", can: [:]), [.missing(["isolation"])]),
        (worker("w", can: ["isolation": "no"]), [.missing(["isolation"])]),
        (worker("w", state: .draining), [.state(.draining)]),
        (worker("w", slots: 2, held: 2), [.full(slots: 2)]),
        (
            worker("w", [.arm64], held: 1, state: .dead, can: [:]),
            [
                .architecture, .missing(["isolation"]), .state(.dead), .full(slots: 1),
            ]
        ),
    ]) func everythingInTheWayIsNamed(worker: WorkerOffer, obstacles: [Placement.Obstacle]) {
        #expect(Placement.obstacles(need, worker) == obstacles)
        #expect(Placement.choose(need, among: [worker]) == nil)
    }

    @Test func whatCannotGoAwayIsToldApart() {
        #expect(Placement.canEverRun(need, among: [worker("w", held: 1), worker("v", [.arm64])]))
        #expect(!Placement.canEverRun(need, among: [worker("w", can: [:]), worker("v", [.arm64])]))
        #expect(!Placement.canEverRun(need, among: []))
    }

    @Test func theExplanationGoesWorkerByWorker() {
        let told = Placement.explain(need, among: [worker("v", [.arm64], can: [:]), worker("w", held: 1)])
        #expect(told.summary == "needs amd64 + isolation: 0 of 2 workers can take it now")
        #expect(
            told.lines == ["v: builds for another architecture; lacks isolation", "w: its one slot is taken"])
        let never = Placement.explain(need, among: [worker("w", can: [:])])
        #expect(never.summary.hasSuffix("and none ever will as they are"))
    }
}

@Suite struct LivenessTests {
    private let start = ContinuousClock.now
    private let limits = LivenessLimits(heartbeat: .seconds(10), dead: .seconds(30), grace: .seconds(30))

    @Test func silenceMakesAWorkerDeadAndThenItsJobsAreGivenAway() {
        var life = Liveness(limits: limits, now: start)
        #expect(life.tick(now: start + .seconds(29)) == .nothing)
        #expect(life.tick(now: start + .seconds(30)) == .markDead)
        #expect(life.tick(now: start + .seconds(59)) == .nothing)
        #expect(life.tick(now: start + .seconds(60)) == .giveJobsAway)
        #expect(life.tick(now: start + .seconds(600)) == .nothing)
    }

    @Test func aWordInTheGraceSavesTheJobs() {
        var life = Liveness(limits: limits, now: start)
        #expect(life.tick(now: start + .seconds(45)) == .markDead)
        #expect(life.heard(now: start + .seconds(50)) == .markAlive)
        #expect(life.tick(now: start + .seconds(79)) == .nothing)
        #expect(life.state == .alive)
    }

    @Test func aWorkerThatWasLostComesBackWithoutItsJobs() {
        var life = Liveness(limits: limits, now: start)
        #expect(life.tick(now: start + .seconds(61)) == .giveJobsAway)
        #expect(life.heard(now: start + .seconds(70)) == .markAlive)
    }

    @Test func theNextTickIsNeverEarlierThanItHasSomethingToSay() {
        var life = Liveness(limits: limits, now: start)
        #expect(life.nextTick == start + .seconds(30))
        _ = life.tick(now: start + .seconds(30))
        #expect(life.nextTick == start + .seconds(60))
        _ = life.tick(now: start + .seconds(60))
        #expect(life.nextTick == nil)
    }
}
