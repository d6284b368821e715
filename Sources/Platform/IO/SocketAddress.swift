import Glibc

/// Where a socket listens or connects: a path, or an IP address and a port.
package struct SocketAddress: Sendable, Hashable, CustomStringConvertible {
    /// `/run/x.sock`, `127.0.0.1:80`, `[::1]:80`.
    package let description: String
    // The sockaddr as the kernel wants it: family first, then what the family says (ip(7), ipv6(7), unix(7)).
    let bytes: [UInt8]

    /// The address family, AF_UNIX, AF_INET or AF_INET6.
    var family: Int32 {
        bytes.withUnsafeBytes { Int32($0.loadUnaligned(as: sa_family_t.self)) }
    }

    /// The path of a Unix socket; nil for IP.
    package var path: String? { family == AF_UNIX ? description : nil }

    /// The longest path of a Unix socket in bytes: sun_path less its NUL (unix(7)).
    package static let maximumPathBytes = 107

    /// A Unix socket in the file system.
    ///
    /// - Throws: `.badAddress` when the path is empty, holds a NUL or is longer than 107 bytes.
    package static func unix(_ path: String) throws(IOError) -> SocketAddress {
        let text = Array(path.utf8)
        guard !text.isEmpty, !text.contains(0), text.count <= maximumPathBytes else {
            throw IOError(
                .badAddress,
                "a socket path has 1 to \(maximumPathBytes) bytes and no NUL; \"\(path)\" has \(text.count)")
        }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: text) }
        return SocketAddress(description: path, bytes: withUnsafeBytes(of: address) { Array($0) })
    }

    /// An address from `127.0.0.1:80`, `[::1]:80` or `localhost:80`; port 0 lets the kernel choose when listening.
    ///
    /// No name but `localhost` is looked up here, because that would block: see `resolve`.
    /// - Throws: `.badAddress`.
    package static func tcp(_ text: String) throws(IOError) -> SocketAddress {
        let (host, port) = try split(text)
        if let address = numeric(host == "localhost" ? "127.0.0.1" : host, port) { return address }
        throw IOError(.badAddress, "\"\(text)\" is no address: wanted as 127.0.0.1:8080 or [::1]:8080")
    }

    /// The addresses of `host:port`, looked up in DNS where `host` is a name (getaddrinfo(3), on a thread of its own).
    ///
    /// The look-up itself cannot be interrupted: after the deadline, or when the task is cancelled, its thread goes on
    /// until the resolver gives up (resolv.conf(5)), and nobody hears of it.
    /// - Throws: `.badAddress`, `.notFound` when the name has no address, `.timedOut`, `.cancelled`.
    package static func resolve(_ text: String, until deadline: Deadline) async throws(IOError) -> [SocketAddress] {
        let (host, port) = try split(text)
        if let address = numeric(host, port) { return [address] }
        let answered = try Latch()
        let answer = Locked<Result<[SocketAddress], IOError>?>(nil)
        let failure = OwnThread.start("resolver") {
            let found = Result { () throws(IOError) in try lookUp(host, port) }
            answer.withLock { $0 = found }
            answered.open()
        }
        if failure != 0 { throw IOError(system: failure, "pthread_create", "to look up \(host)") }
        try await answered.wait(until: deadline)
        guard let found = answer.withLock({ $0 }) else { return [] }
        return try found.get()
    }

    private static func split(_ text: String) throws(IOError) -> (host: String, port: UInt16) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            throw IOError(.badAddress, "\"\(text)\" has no port from 0 to 65535 after a last colon")
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            throw IOError(.badAddress, "\"\(text)\": an IPv6 address is written in brackets, as [::1]:8080")
        }
        return (String(host), port)
    }

    private static func numeric(_ host: String, _ port: UInt16) -> SocketAddress? {
        var four = sockaddr_in()
        if inet_pton(AF_INET, host, &four.sin_addr) == 1 {
            four.sin_family = sa_family_t(AF_INET)
            four.sin_port = port.bigEndian
            return SocketAddress(description: "\(host):\(port)", bytes: withUnsafeBytes(of: four) { Array($0) })
        }
        var six = sockaddr_in6()
        guard inet_pton(AF_INET6, host, &six.sin6_addr) == 1 else { return nil }
        six.sin6_family = sa_family_t(AF_INET6)
        six.sin6_port = port.bigEndian
        return SocketAddress(description: "[\(host)]:\(port)", bytes: withUnsafeBytes(of: six) { Array($0) })
    }

    private static func lookUp(_ host: String, _ port: UInt16) throws(IOError) -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let failure = getaddrinfo(host, String(port), &hints, &list)
        defer { freeaddrinfo(list) }
        guard failure == 0 else {
            throw IOError(
                .notFound, "the address of \(host) could not be found: \(String(cString: gai_strerror(failure)))")
        }
        var found: [SocketAddress] = []
        var next = list
        while let entry = next?.pointee {
            if let address = SocketAddress(entry.ai_addr, entry.ai_addrlen) { found.append(address) }
            next = entry.ai_next
        }
        return found
    }

    /// What the kernel wrote into a sockaddr; nil for a family that is none of ours.
    init?(_ address: UnsafePointer<sockaddr>?, _ length: socklen_t) {
        guard let address, length >= MemoryLayout<sa_family_t>.size else { return nil }
        let bytes = Array(UnsafeRawBufferPointer(start: address, count: Int(length)))
        let family = Int32(address.pointee.sa_family)
        var text = [CChar](repeating: 0, count: 64)
        let words: String? = bytes.withUnsafeBytes { raw in
            switch family {
            case AF_INET where raw.count >= MemoryLayout<sockaddr_in>.size:
                var four = raw.loadUnaligned(as: sockaddr_in.self)
                guard inet_ntop(AF_INET, &four.sin_addr, &text, socklen_t(text.count)) != nil else { return nil }
                return "\(Self.string(text)):\(UInt16(bigEndian: four.sin_port))"
            case AF_INET6 where raw.count >= MemoryLayout<sockaddr_in6>.size:
                var six = raw.loadUnaligned(as: sockaddr_in6.self)
                guard inet_ntop(AF_INET6, &six.sin6_addr, &text, socklen_t(text.count)) != nil else { return nil }
                return "[\(Self.string(text))]:\(UInt16(bigEndian: six.sin6_port))"
            case AF_UNIX:
                return String(decoding: raw.dropFirst(MemoryLayout<sa_family_t>.size).prefix { $0 != 0 }, as: UTF8.self)
            default: return nil
            }
        }
        guard let words else { return nil }
        description = words
        self.bytes = bytes
    }

    private init(description: String, bytes: [UInt8]) {
        self.description = description
        self.bytes = bytes
    }

    private static func string(_ text: [CChar]) -> String {
        String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Calls `body` with the sockaddr.
    func withSockaddr<R>(_ body: (UnsafePointer<sockaddr>?, socklen_t) -> R) -> R {
        bytes.withUnsafeBytes { raw in
            body(raw.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t(raw.count))
        }
    }

    /// What getsockname(2) or getpeername(2) answers.
    static func asked(
        _ call: (Int32, UnsafeMutablePointer<sockaddr>?, UnsafeMutablePointer<socklen_t>?) -> Int32, _ descriptor: Int32
    ) throws(IOError) -> SocketAddress {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let found = withUnsafeMutableBytes(of: &storage) { raw -> SocketAddress? in
            let address = raw.baseAddress?.assumingMemoryBound(to: sockaddr.self)
            guard call(descriptor, address, &length) == 0 else { return nil }
            return SocketAddress(address, length)
        }
        guard let found else { throw IOError(system: errno, "getsockname", "of socket \(descriptor)") }
        return found
    }
}
