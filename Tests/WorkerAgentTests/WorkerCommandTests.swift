import Arguments
import IO
import Processes
import TestSupport
import Testing

@testable import factory_worker

struct WorkerCommandTests {
    @Test("The description of the commands is sound")
    func description() {
        #expect(WorkerCommand.top.problems() == [])
    }

    @Test(
        "Without a command it is the agent; a word that is no command is told so",
        arguments: [
            ([], ["agent"]), (["--root", "/r"], ["agent", "--root", "/r"]),
            (["agent", "--slots", "2"], ["agent", "--slots", "2"]),
            (["--root", "/r", "doctor"], ["--root", "/r", "doctor"]), (["--help"], ["--help"]), (["agnet"], ["agnet"]),
        ] as [([String], [String])])
    func defaultCommand(words: [String], expected: [String]) {
        #expect(WorkerCommand.withDefault(words) == expected)
    }

    /// Runs the real program and returns its status and what it said.
    static func run(_ arguments: [String]) async throws -> (ProcessStatus, String) {
        var lines: [String] = []
        let status = try await Command(BuiltPrograms.path("factory-worker"), arguments)
            .run(until: .in(.seconds(60))) { lines.append($0.text) }
        return (status, lines.joined(separator: "\n"))
    }

    @Test("doctor names the isolation and the tools, and its status says whether all is there")
    func doctor() async throws {
        let folder = try TemporaryFolder()
        let (status, said) = try await Self.run(["doctor", "--root", folder.path])
        #expect(said.contains("isolation"))
        #expect(said.contains("mksquashfs"))
        #expect(status == .exited(said.contains("MISSING") ? 1 : 0), "\(said)")
    }

    @Test(
        "A wrong setting is told with its name, and nothing is started",
        arguments: [
            (["agent", "--slots", "0"], "--slots"), (["agent", "--name", "two words"], "two words"),
            (["agent", "--socket", "nowhere"], "nowhere"), (["agent", "--config", "/nonexistent"], "/nonexistent"),
            (["agent", "--name", "a\u{1B}[31mb"], "--name: 'ab' is no name"),
            (
                ["agent", "--root", "/tmp/" + String(repeating: "d", count: 100)],
                "give a shorter --root, at most 87 bytes"
            ),
            (["agent", "--socket", "/tmp/" + String(repeating: "d", count: 103)], "give a shorter --socket"),
        ] as [([String], String)])
    func wrongSettings(arguments: [String], word: String) async throws {
        let (status, said) = try await Self.run(arguments)
        #expect(status == .exited(2))
        #expect(said.contains(word), "\(said)")
        #expect(said.hasPrefix("factory-worker: "), "\(said)")
    }

    @Test("For those who package it, it writes its completion and its man pages")
    func descriptions() async throws {
        let (status, script) = try await Self.run(["completion", "bash"])
        #expect(status == .exited(0) && script.contains("complete -F _factory_worker factory-worker"), "\(script)")
        let folder = try TemporaryFolder()
        let (written, said) = try await Self.run(["man", folder.file("man")])
        #expect(written == .exited(0), "\(said)")
        let names = try Directory.entries(folder.file("man")).map(\.name).sorted()
        #expect(
            names == [
                "factory-worker-agent.8", "factory-worker-doctor.8", "factory-worker-run-job.8", "factory-worker.8",
            ])
    }

    @Test("A second agent on one directory is refused, with the number of the first")
    func secondAgent() async throws {
        let farm = try FakeFarm()
        let first = try farm.startAgent()
        _ = try await farm.idleWorker()
        let (status, said) = try await Self.run([
            "agent", "--root", farm.folder.path, "--config", farm.folder.file("worker.yaml"),
        ])
        #expect(status == .exited(1))
        #expect(said.contains("\(first.pid)"), "\(said)")
    }
}
