import FactoryClient
import Testing

@Suite struct PureTests {
    @Test func waitsDoubleUpToALimitWithinTheSpread() {
        var backoff = Backoff(first: .milliseconds(100), longest: .seconds(1))
        func waits(_ chances: [Double]) -> [Duration] { chances.map { backoff.failed(chance: $0) } }
        func milliseconds(_ counts: [Int]) -> [Duration] { counts.map { .milliseconds($0) } }
        let nominal = waits([0.5, 0.5, 0.5, 0.5, 0.5, 0.5])
        #expect(nominal == milliseconds([100, 200, 400, 800, 1000, 1000]))
        let spread = waits([0, 7])
        #expect(spread == milliseconds([750, 1250]))
        backoff.succeeded()
        let again = waits([0.5])
        #expect(again == milliseconds([100]))
        let long = waits([Double](repeating: 1, count: 100))
        #expect(long.allSatisfy { $0 <= .milliseconds(1250) })
    }

    @Test func patienceIsCountedFromTheFirstLoss() {
        var place = WatchResumption(from: 1, isComplete: true, patience: .seconds(10))
        let start = ContinuousClock.now
        func lost(_ second: Int) -> WatchResumption.Recovery {
            place.connectionLost(at: start + .seconds(second), chance: 0.5)
        }
        let losses = [lost(0), lost(9), lost(10)]
        #expect(losses == [.reconnect(after: .milliseconds(100)), .reconnect(after: .milliseconds(200)), .giveUp])
        let (first, second) = (place.connected(), place.connected())
        #expect(first && !second)
        let later = lost(20)
        #expect(later == .reconnect(after: .milliseconds(100)))
    }

    @Test func whatIsMissingIsAskedForOnceMoreAndThenGivenUp() {
        var place = WatchResumption(from: 1, isComplete: true, patience: .seconds(10))
        let seen = [1, 3, 2, 3, 5, 5].map { place.received($0) }
        #expect(seen == [.deliver, .gap, .deliver, .deliver, .gap, .missing])
    }

    @Test(arguments: [
        ("/run/factory/factoryd.sock", "/run/factory/factoryd.sock"), ("unix:x.sock", "x.sock"), ("./s", "./s"),
        ("tcp:127.0.0.1:7100", "tcp:127.0.0.1:7100"), ("localhost:1", "tcp:localhost:1"), ("[::1]:80", "tcp:[::1]:80"),
    ])
    func endpointsInTheirSpellings(text: String, shown: String) throws {
        #expect(try Endpoint(parsing: text).description == shown)
    }

    @Test(arguments: [
        "", "unix:", "host", "example.org:80", "127.0.0.1:0", "127.0.0.1:70000", "127.0.0.1:", "0.0.0.0:80",
    ])
    func endpointsThatAreRefused(text: String) {
        #expect(#expect(throws: ClientError.self) { try Endpoint(parsing: text) }?.code == .badEndpoint)
    }
}
