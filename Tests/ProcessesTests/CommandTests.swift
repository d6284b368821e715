import Glibc
import IO
import Processes
import Testing

struct CommandTests {
    static func shell(_ script: String) -> Command { Command("/bin/sh", ["-c", script]) }

    @Test("Lines of output and errors arrive in the order in which they were written")
    func order() async throws {
        var lines: [String] = []
        let script = "i=0; while [ $i -lt 200 ]; do echo out $i; echo err $i >&2; i=$((i+1)); done"
        let status = try await Self.shell(script).run(until: .in(.seconds(30))) { lines.append($0.text) }
        #expect(status == .exited(0))
        #expect(lines == (0..<200).flatMap { ["out \($0)", "err \($0)"] })
    }

    @Test("A line with NUL or with what is no UTF-8 is a text that can be written and sent")
    func noText() async throws {
        var lines: [OutputLine] = []
        try await Self.shell("printf 'a\\000b\\377c\\n'").run(until: .in(.seconds(30))) { lines.append($0) }
        #expect(lines.map(\.bytes) == [[97, 0, 98, 255, 99]])
        #expect(lines.map(\.text) == ["a\u{fffd}b\u{fffd}c"])
    }

    @Test(
        "The exit status is the program's own",
        arguments: [(("exit 0"), ProcessStatus.exited(0)), ("exit 7", .exited(7)), ("kill -9 $$", .signalled(9))])
    func status(script: String, expected: ProcessStatus) async throws {
        #expect(try await Self.shell(script).run(until: .in(.seconds(30))) == expected)
    }

    @Test("Output and errors can be kept apart, and a status descriptor is a third stream")
    func streams() async throws {
        var command = Self.shell("echo one; echo two >&2; echo three >&5")
        command.standardError = .lines
        command.statusDescriptor = 5
        var lines: Set<String> = []
        try await command.run(until: .in(.seconds(30))) { lines.insert("\($0.source) \($0.text)") }
        #expect(lines == ["output one", "error two", "status three"])
    }

    @Test("Output as bytes comes whole, and errors do not mix with it")
    func output() async throws {
        var errors: [String] = []
        let (status, bytes) = try await Self.shell("printf 'a\\0b'; echo bad >&2").output(until: .in(.seconds(30))) {
            errors.append($0.text)
        }
        #expect(status.isSuccess)
        #expect(bytes == [97, 0, 98])
        #expect(errors == ["bad"])
    }

    @Test("A program that writes more than the limit is ended")
    func limit() async throws {
        let error = await #expect(throws: ProcessError.self) {
            _ = try await Command("yes").output(limit: 10_000, until: .in(.seconds(30)))
        }
        #expect(error?.code == .outputTooLarge)
    }

    @Test("Input comes from memory, whatever its size")
    func input() async throws {
        let bytes = [UInt8](repeating: 120, count: 300_000)
        let command = Command("/usr/bin/wc", ["-c"], standardInput: .bytes(bytes))
        #expect(try await command.text(until: .in(.seconds(30))) == "300000\n")
    }

    @Test("The environment is the one given and nothing else")
    func environment() async throws {
        let command = Command("/usr/bin/env", environment: ["A": "1", "B": "two words"])
        #expect(try await command.text(until: .in(.seconds(30))) == "A=1\nB=two words\n")
    }

    @Test("Only the descriptors given are open in the program, and no signal is blocked or ignored")
    func cleanStart() async throws {
        let command = Self.shell("ls /proc/self/fd; grep -E 'Sig(Blk|Ign)' /proc/self/status")
        let text = try await command.text(until: .in(.seconds(30)))
        // 3 is the directory that ls itself reads.
        #expect(text == "0\n1\n2\n3\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n")
    }

    @Test("A program leads a session of its own, so that a signal to its group reaches nobody else")
    func session() async throws {
        let text = try await Self.shell("ps -o pid=,pgid=,sid= -p $$").text(until: .in(.seconds(30)))
        let numbers = text.split(separator: " ").map { $0.filter(\.isNumber) }
        #expect(Set(numbers).count == 1)
    }

    @Test("A deadline ends the program, and says so")
    func deadline() async throws {
        let error = await #expect(throws: ProcessError.self) {
            try await Self.shell("sleep 100").run(until: .in(.milliseconds(100)))
        }
        #expect(error?.code == .deadlinePassed)
        #expect(error?.status == .signalled(SIGTERM))
    }

    @Test("A program that does not listen to TERM is killed after the grace, with its children")
    func stubborn() async throws {
        var command = Self.shell("trap '' TERM; (trap '' TERM; sleep 100) & sleep 100 & sleep 100")
        command.grace = .milliseconds(200)
        let stubborn = command
        let error = await #expect(throws: ProcessError.self) {
            try await stubborn.run(until: .in(.milliseconds(100)))
        }
        #expect(error?.status == .signalled(SIGKILL))
    }

    @Test("Cancelling the task ends the program before the call returns")
    func cancellation() async throws {
        let pid = Locked<Int32>(0)
        let code = await withTaskGroup(of: ProcessError.Code?.self) { group in
            let (started, continuation) = AsyncStream<Void>.makeStream()
            group.addTask {
                do throws(ProcessError) {
                    try await Self.shell("echo $$; exec sleep 100").run(until: .in(.seconds(60))) { line in
                        pid.withLock { $0 = Int32(line.text) ?? 0 }
                        continuation.yield()
                    }
                    return nil
                } catch { return error.code }
            }
            for await _ in started { break }
            group.cancelAll()
            return await group.next() ?? nil
        }
        #expect(code == .cancelled)
        #expect(kill(pid.withLock { $0 }, 0) == -1)
    }

    @Test("A daemon that holds the pipe open does not keep the call from returning")
    func daemon() async throws {
        var lines: [String] = []
        let status = try await Self.shell("echo said; setsid sleep 40 &").run(until: .in(.seconds(30))) {
            lines.append($0.text)
        }
        #expect(status.isSuccess)
        #expect(lines == ["said"])
    }

    @Test("A daemon that writes without a pause does not either")
    func noisyDaemon() async throws {
        var daemon: Int32?
        let status = try await Self.shell("setsid yes & echo $!").run(until: .in(.seconds(20))) { line in
            if daemon == nil { daemon = Int32(line.text) }
        }
        // With the last reader of its pipe gone it ends by itself; this only makes sure.
        if let daemon { kill(daemon, SIGKILL) }
        #expect(status.isSuccess)
    }

    @Test("A program gets the usual limit of descriptors, whatever ours is")
    func descriptorLimit() async throws {
        DescriptorLimit.raise()
        #expect(try await Self.shell("ulimit -Sn").text(until: .in(.seconds(30))) == "1024\n")
    }

    @Test("A program on a terminal believes it and keeps its line ends")
    func terminal() async throws {
        var command = Self.shell("test -t 1 && stty size <&1; printf 'a\\nb\\n'")
        command.terminal = .init(rows: 40, columns: 132)
        var lines: [OutputLine] = []
        try await command.run(until: .in(.seconds(30))) { lines.append($0) }
        #expect(lines.map(\.text) == ["40 132", "a", "b"])
        #expect(lines.allSatisfy { $0.ending == .newline })
    }

    struct Failure: Sendable {
        let command: Command
        let code: ProcessError.Code
        let stage: SpawnStage
        let word: String
    }

    @Test(
        "An error names the stage and the thing",
        arguments: [
            Failure(
                command: Command("/nonexistent/tool"), code: .programNotFound, stage: .exec, word: "/nonexistent/tool"),
            Failure(
                command: Command("mksquashfsx"), code: .programNotFound, stage: .exec, word: "/usr/bin/mksquashfsx"),
            Failure(command: Command("/etc/passwd"), code: .spawnFailed, stage: .exec, word: "Permission denied"),
            Failure(
                command: Command("true", directory: "/nonexistent"), code: .spawnFailed, stage: .directory,
                word: "/nonexistent"),
            Failure(
                command: Command("true", standardInput: .descriptor(999)), code: .spawnFailed, stage: .descriptors,
                word: "Bad file"),
        ])
    func stages(failure: Failure) async {
        let error = await #expect(throws: ProcessError.self) { try await failure.command.run(until: .in(.seconds(30))) }
        #expect(error?.code == failure.code)
        #expect(error?.stage == failure.stage)
        #expect(error?.message.contains(failure.word) == true, "\(error?.message ?? "")")
    }

    @Test("A missing program of ours is named with its package")
    func missingTool() {
        let error = #expect(throws: ProcessError.self) {
            try ToolFinder(searchPath: ["/nonexistent"]).require("mksquashfs")
        }
        #expect(error?.message.contains("apt-get install squashfs-tools") == true)
    }

    @Test("A hundred programs at once give each its own output")
    func many() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<100 {
                group.addTask {
                    let text = try await Self.shell("echo \(number)").text(until: .in(.seconds(60)))
                    #expect(text == "\(number)\n")
                }
            }
            try await group.waitForAll()
        }
    }

    @Test("A failure carries the first error, however much was said after it, and the last words")
    func firstError() async throws {
        let script = "echo starting; echo 'xorriso : FAILURE : no room' >&2; seq 1 200; exit 3"
        let error = await #expect(throws: ProcessError.self) {
            try await Self.shell(script).runSuccessfully(until: .in(.seconds(30)))
        }
        #expect(error?.lastLines.count == 40)
        #expect(error?.lastLines.first == "xorriso : FAILURE : no room" && error?.lastLines.last == "200")
        #expect(error?.message == "/bin/sh ended with exit status 3: xorriso : FAILURE : no room")
    }

    @Test("Complaints stay when other lines go, and the first of them whatever comes")
    func complaints() {
        var lines = RecentLines(3)
        for line in ["one", "E: bad", "two", "three", "", "four"] { lines.add(line) }
        #expect(lines.lines == ["E: bad", "three", "four"])
        for number in 1...5 { lines.add("E: \(number)") }
        #expect(lines.lines == ["E: bad", "E: 4", "E: 5"] && lines.firstComplaint == "E: bad")
    }
}
