import FactoryExecution
import FactoryProtocol
import Processes
import Testing

struct JobLifeTests {
    static let succeeded = JobResult(outcome: .succeeded, artifacts: [])
    static let failed = JobResult(
        outcome: .failed(Failure(cause: .spec, code: "x", message: "x")), artifacts: [])

    @Test("A job that ends by itself ends as it says")
    func ownWords() {
        var life = JobLife()
        #expect(life.processEnded(result: Self.failed, status: .exited(1), lastWords: []) == Self.failed)
    }

    @Test("A job that dies without a word is the worker's failure, with the signal and its last words")
    func lost() {
        var life = JobLife()
        let result = life.processEnded(result: nil, status: .signalled(9), lastWords: ["Fatal error"])
        guard case .failed(let failure) = result.outcome else {
            Issue.record("\(result)")
            return
        }
        #expect(failure.cause == .worker)
        #expect(failure.code == "job-process-lost")
        #expect(failure.exitStatus == "signal 9 (Killed)")
        #expect(failure.excerpt == ["Fatal error"])
    }

    @Test("Stopping asks first, kills after the grace, and says which of the two it was", arguments: [false, true])
    func stopping(killed: Bool) {
        var life = JobLife()
        #expect(life.stopWanted(.cancelled(reason: "root asked")) == .ask)
        #expect(life.stopWanted(.superseded) == .nothing)
        if killed { #expect(life.graceOver() == .kill) }
        #expect(life.graceOver() == (killed ? .nothing : .kill))
        var other = JobLife()
        _ = other.stopWanted(.cancelled(reason: "root asked"))
        if killed { _ = other.graceOver() }
        // What a job says that was told to end is a consequence of it.
        let result = other.processEnded(result: Self.failed, status: .signalled(9), lastWords: [])
        #expect(result.outcome == .cancelled(Cancellation(reason: "root asked", killed: killed)))
    }

    @Test("A job that was done before it heard the wish to stop is done")
    func faster() {
        var life = JobLife()
        _ = life.stopWanted(.cancelled(reason: "root asked"))
        #expect(life.processEnded(result: Self.succeeded, status: .exited(0), lastWords: []) == Self.succeeded)
    }

    @Test("A job that was stopped because its time was over keeps its artifacts, a cancelled one does not")
    func artifactsOfStopped() {
        let artifact = Artifact(
            name: "console.log", role: .consoleLog, digest: Digest(hash: [UInt8](repeating: 1, count: 32)), size: 1,
            mediaType: "text/plain")
        for (stop, kept) in [(JobLife.Stop.timedOut(seconds: 5), [artifact]), (.cancelled(reason: "x"), [])] {
            var life = JobLife()
            _ = life.stopWanted(stop)
            let result = life.processEnded(
                result: JobResult(outcome: Self.failed.outcome, artifacts: [artifact]), status: .exited(1),
                lastWords: [])
            #expect(result.artifacts == kept)
        }
    }

    @Test("Nothing happens to a job after its end")
    func ended() {
        var life = JobLife()
        _ = life.processEnded(result: Self.succeeded, status: nil, lastWords: [])
        #expect(life.stopWanted(.superseded) == .nothing)
        #expect(life.graceOver() == .nothing)
    }
}
