import FactoryClient
import FactoryProtocol
import FoundationEssentials
import Glibc
import IO
import JSON
import Processes
import TestSupport
import Testing

/// The command line as its users have it: the real program in a pipe and at a terminal, its exit status, its signals.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct FactoryctlTests {
    /// A `factoryctl` that runs beside the test; what it says comes into a file, as in a pipe.
    struct Session {
        let program: Program
        let log: String

        init(_ farm: Farm, _ arguments: [String]) throws {
            log = farm.folder.file("ctl-\(UInt32.random(in: 0 ... .max)).log")
            program = try Program("factoryctl", ["--root", farm.root] + arguments, log: log)
        }

        var lines: [String] {
            get throws { try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n").map(String.init) }
        }

        /// Waits until it has said something.
        func said(_ words: String) async throws {
            let isSaid = try await eventually(within: .seconds(60)) {
                try self.lines.contains { $0.contains(words) } || !self.program.isRunning
            }
            let lines = try lines
            try #require(isSaid && lines.contains { $0.contains(words) }, "no '\(words)' in \(lines)")
        }

        /// Waits for its end; its exit status.
        func ended() async throws -> Int32? {
            let isEnded = await program.ended(within: .seconds(60))
            let lines = try lines
            try #require(isEnded, "it did not end: \(lines)")
            let status = try #require(program.status())
            return status & 0x7F == 0 ? (status >> 8) & 0xFF : nil
        }
    }

    static func lines(_ said: String) -> [String] { said.split(separator: "\n").map(String.init) }

    /// The lines that are a build's last one.
    static func endings(_ lines: [String]) -> [String] {
        lines.filter { line in
            line.hasPrefix("build ")
                && [
                    "succeeded in", "failed after", "cancelled after", "goes on without you", "connection lost",
                    "waits for",
                ]
                .contains { line.contains($0) }
        }
    }

    /// Hands in a self-test from the standard input of a shell, as a script does.
    static func submit(
        _ farm: Farm, _ spec: String, _ arguments: [String], terminal: Command.Terminal? = nil
    ) async throws -> (Int32?, [String]) {
        let file = farm.folder.file("spec-\(UInt32.random(in: 0 ... .max)).yaml")
        try AtomicFile.write(Array(spec.utf8), to: file)
        var command = Command(Program.path("factoryctl"), ["--root", farm.root, "submit", file] + arguments)
        command.terminal = terminal
        command.environment["TERM"] = "xterm"
        var lines: [String] = []
        let status = try await command.run(until: .in(.seconds(60))) { lines.append($0.text) }
        guard case .exited(let code) = status else { return (nil, lines) }
        return (code, lines)
    }

    @Test(
        "in a pipe: a line for every step, one last line whose command works, and the tools' lines only when asked for")
    func plain() async throws {
        try await Farm.with { farm in
            let (status, lines) = try await Self.submit(farm, "selfTest: {seconds: 1}", ["--wait"])
            #expect(status == 0, "\(lines)")
            #expect(lines.contains { $0.hasSuffix(" running on \(farm.workerName)") })
            #expect(!lines.contains { $0.contains("leased") || $0.hasSuffix(" ready") })
            #expect(!lines.contains { $0.hasSuffix("line 1") })
            #expect(Self.endings(lines).count == 1 && lines.last == Self.endings(lines).first)
            #expect(lines.last?.contains("; next: factoryctl --root \(farm.root) artifacts get ") == true)
            let (again, all) = try await Self.submit(farm, "selfTest: {seconds: 1}", ["--wait", "--logs"])
            #expect(again == 0)
            #expect(all.contains { $0.hasSuffix("line 1") })
        }
    }

    @Test(
        "a failure: the exit status says whose it is, the tool's words are shown, and the command for the log works",
        arguments: [("spec", 1), ("internal", 1), ("worker", 7), ("infrastructure", 7)])
    func failure(cause: String, expected: Int32) async throws {
        try await Farm.with("failure\(cause)") { farm in
            let (status, lines) = try await Self.submit(
                farm, "selfTest: {seconds: 1, failure: \(cause)}", ["--wait"])
            #expect(status == expected, "\(lines)")
            #expect(lines.contains { $0.contains("self-test: failing as asked") })
            let last = try #require(lines.last)
            let command = try #require(last.firstRange(of: "full log: factoryctl ")).upperBound
            let words = last[command...].split(separator: " ").map(String.init)
            #expect(words.prefix(3) == ["--root", farm.root, "logs"])
            // The failing step itself says nothing; the job does.
            let (logged, said) = try await farm.ctl(Array(words[2...].prefix { $0 != "--step" }))
            #expect(logged == 0 && said.contains("line 1"), "\(said)")
        }
    }

    @Test(
        "a build that was accepted is named also where the output cannot be written: nobody submits it twice",
        arguments: ["> /dev/full", ">&-"])
    func acceptedButUnsaid(redirection: String) async throws {
        try await Farm.with { farm in
            var command = Command(
                "sh",
                [
                    "-c", "exec \"$0\" --root \"$1\" submit -q --detach --self-test 1 \(redirection)",
                    Program.path("factoryctl"), farm.root,
                ])
            command.standardError = .lines
            var said = ""
            let status = try await command.run(until: .in(.seconds(60))) { said += $0.text + "\n" }
            let builds = try await farm.session().request(ListBuilds(limit: 2), for: Builds.self).builds
            let build = try #require(builds.first).build
            #expect(builds.count == 1)
            #expect(status == .exited(1))
            #expect(said.contains("build \(build) was accepted, but the output cannot be written"), "\(said)")
            #expect(said.contains(" watch \(build)"))
        }
    }

    @Test("for programs every line of the standard output is JSON, however they ask for it")
    func json() async throws {
        try await Farm.with { farm in
            let file = farm.folder.file("spec.yaml")
            try AtomicFile.write(Array("selfTest: {seconds: 1}".utf8), to: file)
            for (words, variable) in [
                (["--progress", "json"], nil), ([], "json"), (["--progress", "json", "-q"], nil), (["--json"], nil),
            ] as [([String], String?)] {
                var command = Command(
                    Program.path("factoryctl"), ["--root", farm.root, "submit", "--wait", file] + words)
                command.standardError = .lines
                command.environment["FACTORY_PROGRESS"] = variable
                var lines: [String] = []
                let status = try await command.run(until: .in(.seconds(60))) { line in
                    if line.source == .output { lines.append(line.text) }
                }
                #expect(status.isSuccess)
                #expect(lines.count > 3)
                for line in lines {
                    #expect(throws: Never.self) {
                        try StrictJSON.decode(JSONValue.self, from: Array(line.utf8))
                    }
                }
            }
        }
    }

    @Test("after a retry, watch and logs of the build show both tries, each event once, and end")
    func retried() async throws {
        try await Farm.with { farm in
            let build = try await farm.submit(["seconds": 1, "failure": "spec"]).build
            _ = try await Watched.whole(build, of: farm)
            let (retried, said) = try await farm.ctl(["retry", "\(build)"])
            #expect(retried == 0 && said.contains("factoryctl --root \(farm.root) watch \(build)"), "\(said)")
            let watched = try await Watched.whole(build, of: farm)
            #expect(watched.events.map(\.seq) == Array(1...Int64(watched.events.count)))
            #expect(watched.losses == 0 && watched.attempts == 2)
            let (status, shown) = try await farm.ctl(["watch", "\(build)"])
            #expect(status == 1)
            #expect(Self.endings(Self.lines(shown)).count == 1, "\(shown)")
            #expect(shown.contains("tried again"))
            let (logs, lines) = try await farm.ctl(["logs", "\(build)", "--follow"])
            #expect(logs == 0)
            #expect(Self.lines(lines).count { $0 == "line 1" } == 2, "\(lines)")
        }
    }

    @Test("Ctrl-C leaves the build alone and says how to come back; the command does")
    func detached() async throws {
        try await Farm.with { farm in
            let build = try await farm.submit(["seconds": 3]).build
            let watch = try Session(farm, ["watch", "\(build)"])
            try await watch.said("running on")
            watch.program.signal(SIGINT)
            #expect(try await watch.ended() == 130)
            let last = try #require(try watch.lines.last)
            #expect(
                last == "build \(build) goes on without you; come back: factoryctl --root \(farm.root) watch \(build)")
            #expect(Self.endings(try watch.lines).count == 1)
            let (status, said) = try await farm.ctl(["watch", "\(build)"])
            #expect(status == 0, "\(said)")
        }
    }

    @Test("with --cancel-on-interrupt the first Ctrl-C cancels, and the end is that of the build")
    func cancelling() async throws {
        try await Farm.with { farm in
            let build = try await farm.submit(["seconds": 60]).build
            let watch = try Session(farm, ["watch", "\(build)", "--cancel-on-interrupt"])
            try await watch.said("running on")
            watch.program.signal(SIGINT)
            #expect(try await watch.ended() == 3)
            #expect(Self.endings(try watch.lines).count == 1)
            #expect(try watch.lines.last?.contains("cancelled after") == true)
        }
    }

    @Test("a farm that is away cannot be told to cancel: that is said, and the second Ctrl-C leaves with one last line")
    func cancellingWithoutFarm() async throws {
        try await Farm.with { farm in
            let build = try await farm.submit(["seconds": 60]).build
            let watch = try Session(farm, ["watch", "\(build)", "--cancel-on-interrupt"])
            try await watch.said("running on")
            await farm.daemon?.killed()
            try await watch.said("connection to factoryd is lost")
            watch.program.signal(SIGINT)
            try await watch.said("the build is not cancelled")
            #expect(watch.program.isRunning)
            watch.program.signal(SIGINT)
            #expect(try await watch.ended() == 130)
            #expect(Self.endings(try watch.lines).count == 1)
            #expect(try watch.lines.last?.contains("goes on without you") == true)
        }
    }

    @Test("after JSON comes JSON, after an id alone the last line alone")
    func forms() async throws {
        try await Farm.with { farm in
            let (status, lines) = try await Self.submit(farm, "selfTest: {seconds: 1}", ["--wait", "--json"])
            #expect(status == 0)
            let values = try lines.map { try StrictJSON.decode(JSONValue.self, from: Array($0.utf8)) }
            #expect(values.first?["build"] != nil && values.first?["specDigest"] != nil)
            #expect(values.last?["kind"] == "end" && values.last?["exitStatus"] == 0)
            let (quiet, two) = try await Self.submit(farm, "selfTest: {seconds: 2}", ["--wait", "-q"])
            #expect(quiet == 0)
            #expect(two.count == 2 && Self.endings(two) == [two[1]], "\(two)")
            #expect(two[1].hasPrefix("build \(two[0]) succeeded"))
        }
    }

    @Test("what no worker can build is not waited for: status 5 and the command to come back")
    func noWorker() async throws {
        try await Farm.with { farm in
            let (status, lines) = try await Self.submit(farm, "{selfTest: {seconds: 1}, arch: arm64}", ["--wait"])
            #expect(status == 5, "\(lines)")
            #expect(lines.count == 2 && Self.endings(lines) == [lines[1]], "\(lines)")
            #expect(lines[1].contains("arm64") && lines[1].contains("factoryctl --root \(farm.root) watch "))
            let (detached, said) = try await Self.submit(farm, "{selfTest: {seconds: 1}, arch: arm64}", ["--detach"])
            #expect(detached == 0 && said.contains { $0.contains("arm64") }, "\(said)")
            // It is ahead of nobody.
            let (next, accepted) = try await Self.submit(farm, "selfTest: {seconds: 1}", ["--detach"])
            #expect(next == 0 && accepted.first?.hasSuffix("next in line") == true, "\(accepted)")
        }
    }

    @Test("at a terminal lines are drawn again, and the last line stays as in a pipe")
    func terminal() async throws {
        try await Farm.with { farm in
            let (status, lines) = try await Self.submit(
                farm, "selfTest: {seconds: 1}", [], terminal: .init(rows: 24, columns: 80))
            #expect(status == 0, "\(lines)")
            let last = try #require(lines.last { !$0.isEmpty })
            #expect(last.contains(" succeeded in ") && last.contains("; next: factoryctl --root \(farm.root)"))
            // Cursor up (ECMA-48, CUU): the screen is drawn again.
            #expect(lines.contains { $0.contains("\u{1B}[") && $0.contains("A") })
        }
    }

    @Test("undrain gives a drained worker jobs again, though it was told that it is drained")
    func undrained() async throws {
        try await Farm.with { farm in
            let name = farm.workerName
            #expect(try await farm.ctl(["drain", name]).0 == 0)
            let build = try await farm.submit(["seconds": 1]).build
            let (_, why) = try await farm.ctl(["explain", "\(build)"])
            #expect(why.contains("is draining"), "\(why)")
            let (status, found) = try await farm.ctl(["doctor"])
            #expect(status == 1 && found.contains("undrain \(name)"), "\(found)")
            #expect(try await farm.ctl(["undrain", name]).0 == 0)
            let watched = try await Watched.whole(build, of: farm, within: .seconds(60))
            #expect(watched.verdict?.result == .succeeded)
        }
    }

    @Test("logs of what does not exist is an error that names what does")
    func logsOfNothing() async throws {
        try await Farm.with { farm in
            let build = try await farm.submit(["seconds": 1]).build
            _ = try await Watched.whole(build, of: farm)
            let (job, words) = try await farm.ctl(["logs", "\(build)", "nojob"])
            #expect(job == 2 && words.contains("self-test-amd64"), "\(words)")
            let (attempt, said) = try await farm.ctl(["logs", "\(build)", "--attempt", "7"])
            #expect(attempt == 2 && said.contains("1 attempt"), "\(said)")
        }
    }

    @Test("a fetch that was cut is gone on with, and checked as a whole")
    func resumed() async throws {
        try await Farm.with { farm in
            let build = try await farm.submit(["seconds": 1, "megabytes": 4]).build
            let made = try #require(try await Watched.whole(build, of: farm).artifacts.first)
            let out = farm.folder.file("out")
            let get = ["artifacts", "get", "\(build)", "--all", "--output", out]
            #expect(try await farm.ctl(get).0 == 0)
            let whole = try FileIO.read("\(out)/\(made.name)", limit: 8 << 20)
            try FileIO.removeFile("\(out)/\(made.name)")
            let part = BlobClient.part(of: "\(out)/\(made.name)", made.digest)
            try AtomicFile.write(Array(whole.prefix(whole.count / 2)), to: part)
            let (status, said) = try await farm.ctl(get)
            #expect(status == 0 && said.contains("2.00 MiB were there"), "\(said)")
            #expect(try FileIO.read("\(out)/\(made.name)", limit: 8 << 20) == whole)
            #expect(try await farm.ctl(["artifacts", "verify", "\(build)", made.name, "--in", out]).0 == 0)
        }
    }
}

extension Farm {
    /// The worker's name: the machine's, as long as none is given (uname(2)).
    var workerName: String {
        var name = utsname()
        uname(&name)
        return withUnsafeBytes(of: name.nodename) { bytes in String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self) }
    }
}

extension Watched {
    /// The artifacts that were told of.
    var artifacts: [Artifact] {
        events.compactMap { if case .artifact(let artifact) = $0.kind { artifact } else { nil } }
    }
}
