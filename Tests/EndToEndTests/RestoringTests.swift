import FactoryProtocol
import Glibc
import IO
import JSON
import Processes
import TestSupport
import Testing

/// A copy of the queue that `factoryd --backup` made of a farm that runs, put back while the logs have gone on.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct RestoringTests {
    private func backUp(_ farm: Farm) async throws {
        var said = ""
        let status = try await Command(
            Program.path("factoryd"), ["--root", farm.root, "--backup", farm.root + "/copy.sqlite"]
        ).run(until: .in(.seconds(60))) { said += $0.text }
        try #require(status == .exited(0), "\(said)")
    }

    /// As docs/operating.md has it.
    private func restore(_ farm: Farm) throws {
        let database = farm.root + "/factory.sqlite"
        for suffix in ["", "-wal", "-shm"] { try FileIO.removeFile(database + suffix) }
        try FileIO.rename(farm.root + "/copy.sqlite", to: database)
    }

    @Test("the farm goes on from the copy: what ran is done again, and a watcher sees its end")
    func goesOn() async throws {
        try await Farm.with { farm in
            let build = try await farm.submit(["seconds": 2, "linesPerSecond": 20]).build
            _ = try await farm.runningJob()
            try await backUp(farm)
            #expect(try await Watched.whole(build, of: farm).verdict?.result == .succeeded)
            // The copy does not know these: one is over, one runs.
            let later = try await farm.submit(["seconds": 1, "linesPerSecond": 5]).build
            #expect(try await Watched.whole(later, of: farm).verdict?.result == .succeeded)
            let running = try await farm.submit(["seconds": 60, "linesPerSecond": 5]).build
            let job = try await farm.runningJob()
            await farm.daemon?.killed()
            try restore(farm)
            try await farm.startDaemon()

            let isGone = await eventually(within: .seconds(30)) { kill(job, 0) != 0 }
            #expect(isGone, "the job of \(running), which the queue does not know, runs on")
            let again = try await Watched.whole(build, of: farm)
            #expect(again.verdict?.result == .succeeded, "\(String(describing: again.verdict))")
            #expect(again.events.map(\.seq) == Array(1...Int64(again.events.count)))
            #expect(again.attempts == 2)
            again.expectLines(of: "children", (1...40).map { "line \($0)" } + (1...40).map { "line \($0)" })
            #expect(farm.log("factoryd").contains("The database is older than the logs"))
            let (status, said) = try await farm.ctl(["watch", later.rawValue])
            #expect(status == 2 || status == 6 || status == 1, "a build that is not known: \(said)")
            #expect(said.contains("there is no build"), "\(said)")
            // The same description makes the same artifacts, which the store has already.
            let same = try await farm.submit(["seconds": 1, "linesPerSecond": 5], noCache: true).build
            #expect(try await Watched.whole(same, of: farm).verdict?.result == .succeeded)
        }
    }
}
