import FactoryProtocol
import Testing

@testable import FactoryScheduling

@Suite struct DeclinersTests {
    private let job = JobID("01B.image-amd64")
    private let offers = ["a", "b", "c"].map { name in
        WorkerOffer(
            name: WorkerName(name), architectures: [.amd64], slots: 1, capabilities: [:], state: .connected, held: 0)
    }

    private func names(_ decliners: Decliners, _ job: JobID) -> [String] {
        decliners.others(offers, for: job).map(\.name.rawValue)
    }

    @Test func whoDeclinedIsAskedAfterTheOthersUntilSomebodyTakesTheJob() {
        var decliners = Decliners()
        #expect(names(decliners, job) == ["a", "b", "c"])
        decliners.declined(job, by: WorkerName("a"))
        decliners.declined(job, by: WorkerName("b"))
        #expect(names(decliners, job) == ["c"])
        #expect(names(decliners, JobID("01B.other")) == ["a", "b", "c"])
        decliners.forget(job)
        #expect(names(decliners, job) == ["a", "b", "c"])
    }

    @Test func whoDeclinedIsAskedAgainAFewTimesOnlyUntilSomebodyTakesTheJob() {
        var decliners = Decliners()
        var mayAsk: [Bool] = []
        for _ in 0..<Decliners.patience {
            mayAsk.append(decliners.mayAskAgain(job))
            decliners.declined(job, by: WorkerName("a"))
        }
        #expect(mayAsk.allSatisfy { $0 } && !decliners.mayAskAgain(job))
        decliners.forget(job)
        #expect(decliners.mayAskAgain(job))
    }

    @Test func whatIsKeptHasALimit() {
        var decliners = Decliners()
        for number in 0...Decliners.most { decliners.declined(JobID("b.\(number)"), by: WorkerName("a")) }
        #expect(names(decliners, JobID("b.0")) == ["a", "b", "c"])
        #expect(names(decliners, JobID("b.\(Decliners.most)")) == ["b", "c"])
    }
}
