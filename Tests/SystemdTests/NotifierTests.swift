import Testing

@testable import Systemd

struct NotifierTests {
    @Test("states arrive as one datagram, at a path and in the abstract name space", arguments: [false, true])
    func states(isAbstract: Bool) throws {
        let receiver = isAbstract ? try Receiver.abstract() : try Receiver.atPath()
        let notifier = try #require(Notifier(environment: ["NOTIFY_SOCKET": receiver.address]))
        try notifier.send(.ready, .status("2 jobs\nREADY=0"), .mainProcess(42))
        #expect(try receiver.receiveText() == "READY=1\nSTATUS=2 jobs READY=0\nMAINPID=42")
        try notifier.send(.watchdog)
        #expect(try receiver.receiveText() == "WATCHDOG=1")
        try notifier.send(.stopping, .extendTimeout(.milliseconds(1_500)))
        #expect(try receiver.receiveText() == "STOPPING=1\nEXTEND_TIMEOUT_USEC=1500000")
    }

    @Test("without NOTIFY_SOCKET there is nobody to notify", arguments: [[:], ["NOTIFY_SOCKET": ""]])
    func nobody(environment: [String: String]) {
        #expect(Notifier(environment: environment) == nil)
    }

    @Test(
        "an address that is none is refused before any socket is made",
        arguments: [
            "relative/path", "", "/" + String(repeating: "x", count: 107), "@" + String(repeating: "x", count: 108),
        ])
    func badAddress(address: String) {
        let error = #expect(throws: SystemdError.self) { try Notifier(address: address).send(.ready) }
        #expect(error?.code == .badAddress)
    }

    @Test("a service manager that is gone is an error that names the socket")
    func gone() {
        let error = #expect(throws: SystemdError.self) { try Notifier(address: "/tmp/no-such-notify").send(.ready) }
        #expect(error?.code == .notSent)
        #expect(error?.message.contains("/tmp/no-such-notify") == true)
    }

    @Test("a receiver that does not read never blocks the sender")
    func full() throws {
        let receiver = try Receiver.abstract()
        let notifier = Notifier(address: receiver.address)
        let error = #expect(throws: SystemdError.self) {
            for _ in 0..<100_000 { try notifier.send(.watchdog) }
        }
        #expect(error?.code == .notSent)
    }

    @Test("the watchdog is pinged at half its limit, by the process it is meant for")
    func watchdog() throws {
        let mine = ["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "7"]
        #expect(try Watchdog(environment: mine, processID: 7)?.interval == .seconds(15))
        #expect(try Watchdog(environment: mine, processID: 8) == nil)
        #expect(try Watchdog(environment: ["WATCHDOG_USEC": "10"], processID: 8)?.limit == .microseconds(10))
        #expect(try Watchdog(environment: [:], processID: 7) == nil)
    }

    @Test(
        "nonsense in the watchdog's variables is an error, not no watchdog",
        arguments: [
            ["WATCHDOG_USEC": "soon"], ["WATCHDOG_USEC": "0"], ["WATCHDOG_USEC": "-1"],
            ["WATCHDOG_USEC": "1", "WATCHDOG_PID": "me"],
        ])
    func badWatchdog(environment: [String: String]) {
        let error = #expect(throws: SystemdError.self) { try Watchdog(environment: environment, processID: 7) }
        #expect(error?.code == .badEnvironment)
    }
}
