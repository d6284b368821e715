import FactoryProtocol
import IO
import JSON
import Testing

/// A worker that comes over loopback TCP, as a user does who can reach no socket of the farm.
@Suite(.serialized)
struct LoopbackTests {
    @Test("a worker over TCP fetches and delivers over HTTP")
    func worker() async throws {
        let options = ["--listen", "127.0.0.1:0", "--http-listen", "127.0.0.1:0"]
        try await Farm.with(agent: false, daemonOptions: options) { farm in
            let ready = try #require(farm.log("factoryd").split(separator: "\n").first { $0.contains("is ready") })
            // Wire before HTTP, as they are listed.
            let address = try #require(ready.split { " ,=\"".contains($0) }.first { $0.hasPrefix("127.0.0.1:") })
            try await farm.startAgent(["--socket", "tcp:\(address)"])
            let build = try await farm.submit(["seconds": 1, "megabytes": 3]).build
            let watched = try await Watched.whole(build, of: farm)
            watched.expectWhole()
            #expect(watched.verdict?.result == .succeeded, "\(String(describing: watched.verdict))")
            #expect(watched.verdict?.artifacts.count == 1)
            #expect(try Directory.entries(farm.root + "/store/incoming").isEmpty)
        }
    }
}
