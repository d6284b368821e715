import Glibc
import IO
import Processes
import TestSupport
import Testing

/// How the programs begin, whatever they are given: closed standard streams, few descriptors.
struct ProcessStartTests {
    private static let closed = ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"]

    /// A shell that becomes the program, with these redirections.
    private static func shell(_ prelude: String, _ words: [String], _ redirections: String) -> Command {
        Command("/bin/sh", ["-c", "\(prelude)exec \"$@\" \(redirections)", "sh"] + words)
    }

    struct Service: Sendable, CustomTestStringConvertible {
        let program: String
        let lock: String
        let redirections: String
        var testDescription: String { "\(program) \(redirections)" }

        static let all = closed.flatMap { redirections in
            [
                Service(program: "factoryd", lock: "factoryd.lock", redirections: redirections),
                Service(program: "factory-worker", lock: "worker/agent.lock", redirections: redirections),
            ]
        }
    }

    @Test("No file and no socket of a service gets the number of a closed standard stream", arguments: Service.all)
    func services(service: Service) async throws {
        let folder = try TemporaryFolder()
        let lock = folder.file(service.lock)
        let command = Self.shell(
            "", [Program.path(service.program), "--root", folder.path], service.redirections)
        try await withThrowingTaskGroup(of: Void.self) { group in
            // Ends with the test, which cancels it.
            group.addTask { _ = try? await command.run(until: .in(.seconds(60))) }
            defer { group.cancelAll() }
            let deadline = Deadline.in(.seconds(30))
            var pid: Int32?
            while pid == nil, !deadline.hasPassed {
                pid = try? LockFile.holder(of: lock)
                try await Poller.shared.sleep(until: .in(.milliseconds(10)))
            }
            let process = try #require(pid, "\(service.program) never took \(lock)")
            for (number, word) in [(0, "<&-"), (1, " >&-"), (2, "2>&-")]
            where " \(service.redirections)".contains(word) {
                var target = [CChar](repeating: 0, count: 512)
                let count = readlink("/proc/\(process)/fd/\(number)", &target, target.count)
                let name = String(decoding: target.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
                #expect(name == "/dev/null", "descriptor \(number)")
            }
            #expect(try FileIO.readText(lock, limit: 4096) == "\(process)\n")
        }
    }

    @Test(
        "A result that cannot be written is an error, said on standard error",
        arguments: [">&-", "<&- >&-", ">/dev/full"])
    func results(redirections: String) async throws {
        for words in [["plan", "--self-test", "1"], ["--help"], ["--version"], ["completion", "bash"]] {
            var lines: [String] = []
            // Standard error comes through the pipe that standard output has at first.
            let status = try await Self.shell(
                "", [Program.path("factoryctl")] + words, redirections
            ).run(until: .in(.seconds(30))) { lines.append($0.text) }
            #expect(status == .exited(1), "\(words)")
            #expect(lines.contains { $0.contains("cannot be written") }, "\(words): \(lines)")
        }
    }

    struct Shortage: Sendable, CustomTestStringConvertible {
        let program: String
        let arguments: [String]
        var testDescription: String { "\(program) \(arguments.joined(separator: " "))" }
    }

    @Test(
        "However few descriptors there are, no program ends by a signal, and a failure is told",
        arguments: [
            Shortage(program: "factoryctl", arguments: ["list", "--root", "/nonexistent"]),
            Shortage(program: "factoryctl", arguments: ["artifacts", "list", "--root", "/nonexistent"]),
            Shortage(program: "factoryctl", arguments: ["submit", "--self-test", "1", "--root", "/nonexistent"]),
            Shortage(program: "factoryctl", arguments: ["doctor", "--root", "/nonexistent"]),
            Shortage(program: "factory-worker", arguments: ["run-job", "/nonexistent"]),
            Shortage(program: "factoryd", arguments: ["--root", "/proc/nonexistent"]),
        ])
    func descriptors(shortage: Shortage) async throws {
        for limit in Array(3...12) + [20, 26, 27, 28, 32] {
            var lines: [String] = []
            let status = try await Self.shell(
                "ulimit -n \(limit); ", [Program.path(shortage.program)] + shortage.arguments, ""
            ).run(until: .in(.seconds(30))) { lines.append($0.text) }
            guard case .exited(let code) = status else {
                Issue.record("\(limit) descriptors: \(status)")
                continue
            }
            #expect(code != 0 && code < 128, "\(limit) descriptors: \(status)")
            #expect(!lines.isEmpty, "\(limit) descriptors")
        }
    }
}
