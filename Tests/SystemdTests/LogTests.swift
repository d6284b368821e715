import Glibc
import Testing

@testable import Systemd

struct LogTests {
    /// Both ends of a pipe; the log writes into one.
    func throughPipe(_ body: (Int32) throws -> Void) throws -> String {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { close(ends[0]) }
        do {
            defer { close(ends[1]) }
            try body(ends[1])
        }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = read(ends[0], &bytes, bytes.count)
        try #require(count >= 0)
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }

    @Test("the journal gets message, priority and the values as fields")
    func fields() throws {
        let receiver = try Receiver.atPath()
        let log = Log(identifier: "factoryd", fieldPrefix: "FACTORY", form: .journal(socket: receiver.address))
        log.write(.warning, "A worker was lost.", ["worker": "w1", "job-id": "12"])
        #expect(
            try receiver.receiveText()
                == "MESSAGE=A worker was lost.\nPRIORITY=4\nSYSLOG_IDENTIFIER=factoryd\nFACTORY_JOB_ID=12\nFACTORY_WORKER=w1\n"
        )
    }

    @Test("a value with a line break goes in the length form")
    func lengthForm() {
        let entry = LogEntry(.info, "a\nb", [:])
        let expected =
            [UInt8]("MESSAGE\n".utf8) + [3, 0, 0, 0, 0, 0, 0, 0]
            + [UInt8]("a\nb\nPRIORITY=6\nSYSLOG_IDENTIFIER=x\n".utf8)
        #expect(entry.journalDatagram(identifier: "x", fieldPrefix: "F") == expected)
    }

    @Test("a journal that does not answer gets the line with its priority on the stream")
    func fallsBack() throws {
        let text = try throughPipe { descriptor in
            Log(
                identifier: "factoryd", fieldPrefix: "F", form: .journal(socket: "/tmp/no-such-journal"),
                descriptor: descriptor
            ).write(.error, "The disk is full.", ["path": "/var"])
        }
        #expect(text == "<3>The disk is full. path=/var\n")
    }

    @Test("lines for people name the program and the priority; less urgent entries are left out")
    func plain() throws {
        let text = try throughPipe { descriptor in
            let log = Log(identifier: "factoryd", fieldPrefix: "F", form: .plain, descriptor: descriptor)
            log.write(.notice, "Listening.", ["socket": "/run/a b.sock"])
            log.write(.debug, "Not this one.")
        }
        #expect(text == "factoryd: notice: Listening. socket=\"/run/a b.sock\"\n")
    }

    @Test(
        "no value can begin a line or move the cursor",
        arguments: [
            ("a\nb", "\"a\\nb\""), ("\u{1b}[2J", "\"\\u{1b}[2J\""), ("\u{9b}1m", "\"\\u{9b}1m\""), ("", "\"\""),
            ("say \"x\"", "\"say \\\"x\\\"\""), ("plain-é", "plain-é"),
        ])
    func quoting(value: String, shown: String) {
        #expect(LogEntry(.info, "M.", ["v": value]).line == "M. v=\(shown)")
    }

    @Test("entries go to the journal only when standard error is its stream")
    func form() throws {
        var status = stat()
        try #require(fstat(0, &status) == 0)
        let mine = ["JOURNAL_STREAM": "\(status.st_dev):\(status.st_ino)"]
        #expect(Log.form(environment: mine, descriptor: 0) == .journal(socket: Log.journalSocket))
        #expect(Log.form(environment: ["JOURNAL_STREAM": "1:2"], descriptor: 0) == .plain)
        #expect(Log.form(environment: [:], descriptor: 0) == .plain)
    }
}
