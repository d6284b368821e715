import Glibc
import IO
import Processes

/// A real proxy, tinyproxy(8). It answers for the host ``host`` itself: whoever gets that page came through it.
package struct TinyProxy: Sendable {
    /// A name that nobody else answers for.
    package static let host = "tinyproxy.stats"
    package static let isThere = ToolFinder().find("tinyproxy") != nil

    package let url: String
    private let log: Locked<[String]>

    /// The lines of its log that tell a request.
    package var requests: [String] { log.withLock { $0 }.filter { $0.contains("Request (file descriptor") } }

    /// Whether its log tells a request with `text`, after the first `count` of them. It writes a line when the answer may
    /// have gone already, so this waits up to five seconds for one.
    package func hasSeen(_ text: String, after count: Int = 0) async throws -> Bool {
        let deadline = Deadline.in(.seconds(30))
        while !requests.dropFirst(count).contains(where: { $0.contains(text) }) {
            guard !deadline.hasPassed else { return false }
            try await Poller.shared.sleep(until: .in(.milliseconds(10)))
        }
        return true
    }

    /// Runs `body` beside a proxy that keeps its settings in a folder.
    package static func with(_ folder: TemporaryFolder, _ body: (TinyProxy) async throws -> Void) async throws {
        // It cannot be asked for a port of the kernel's choice; when another program takes this one first, it ends.
        let port = try freePort()
        let settings = "Port \(port)\nListen 127.0.0.1\nTimeout 30\nLogLevel Info\nStatHost \"\(host)\"\n"
        try AtomicFile.write(Array(settings.utf8), to: folder.file("tinyproxy.conf"))
        let log = Locked<[String]>([])
        let command = Command("tinyproxy", ["-d", "-c", folder.file("tinyproxy.conf")])
        try await RunningService.with(command) { line -> Bool? in
            log.withLock { $0.append(line) }
            return line.contains("Accepting connections") ? true : nil
        } _: { _ in
            try await body(TinyProxy(url: "http://127.0.0.1:\(port)", log: log))
        }
    }

    private static func freePort() throws -> UInt16 {
        let endpoint = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(endpoint) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(endpoint, $0, size) == 0 && getsockname(endpoint, $0, &size) == 0
            }
        }
        guard isBound else { throw IOError(system: errno, "bind", "a port of 127.0.0.1") }
        return UInt16(bigEndian: address.sin_port)
    }
}
