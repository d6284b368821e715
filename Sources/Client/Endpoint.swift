import IO

/// Where factoryd listens for the wire protocol.
package enum Endpoint: Sendable, Hashable {
    /// A Unix socket.
    case unix(path: String)
    /// A TCP address of this machine, as `127.0.0.1:7100`.
    case tcp(String)

    /// The socket of an installed farm.
    package static let standard = Endpoint.unix(path: "/run/factory/factoryd.sock")

    /// The socket of a farm that lives in one directory.
    package static func root(_ directory: String) -> Endpoint {
        .unix(path: (directory.hasSuffix("/") ? String(directory.dropLast()) : directory) + "/run/factoryd.sock")
    }

    /// Reads `unix:/path`, `/path`, `./path` or `tcp:127.0.0.1:7100`.
    ///
    /// - Throws: `bad-endpoint`; also for a TCP address that is not of this machine, because the protocol has no
    ///   encryption yet.
    package init(parsing text: String) throws(ClientError) {
        if text.hasPrefix("unix:") || text.contains("/") {
            let path = text.hasPrefix("unix:") ? String(text.dropFirst(5)) : text
            guard !path.isEmpty else { throw ClientError(.badEndpoint, "'\(text)' names no socket: unix:/path") }
            self = .unix(path: path)
            return
        }
        let address = text.hasPrefix("tcp:") ? String(text.dropFirst(4)) : text
        guard let colon = address.lastIndex(of: ":"), let port = UInt16(address[address.index(after: colon)...]),
            port > 0
        else {
            throw ClientError(.badEndpoint, "'\(text)' is no endpoint: unix:/path or tcp:127.0.0.1:PORT")
        }
        let host = address[..<colon]
        guard host == "127.0.0.1" || host == "localhost" || host == "[::1]" else {
            throw ClientError(
                .badEndpoint,
                "'\(text)' is on another machine, and plain TCP is for this one only: tcp:127.0.0.1:\(port)")
        }
        self = .tcp(address)
    }

    func connect(until deadline: Deadline) async throws(IOError) -> Socket {
        switch self {
        case .unix(let path): try await Socket.connect(unix: path, until: deadline)
        case .tcp(let address): try await Socket.connect(tcp: address, until: deadline)
        }
    }
}

extension Endpoint: CustomStringConvertible {
    /// The path, or `tcp:` and the address.
    package var description: String {
        switch self {
        case .unix(let path): path
        case .tcp(let address): "tcp:" + address
        }
    }
}
