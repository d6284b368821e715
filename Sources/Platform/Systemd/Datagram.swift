import Glibc

/// One datagram to a Unix socket that somebody else owns.
enum Datagram {
    /// Sends `bytes` to `address`: an absolute path, or `@name` for the abstract name space (unix(7)).
    ///
    /// Never waits: a receiver whose queue is full counts as a failure, because neither a watchdog ping nor a log line
    /// is worth holding up a thread of the pool.
    static func send(_ bytes: [UInt8], to address: String) throws(SystemdError) {
        let (name, length) = try socketAddress(address)
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        let socketError = errno
        guard descriptor >= 0 else { throw failure("no socket to reach \(address)", socketError) }
        defer { close(descriptor) }
        let sent = withUnsafeBytes(of: name) { raw in
            sendto(
                descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT),
                raw.assumingMemoryBound(to: sockaddr.self).baseAddress, length)
        }
        let sendError = errno
        guard sent == bytes.count else { throw failure("\(bytes.count) bytes to \(address) were not sent", sendError) }
    }

    private static func socketAddress(_ text: String) throws(SystemdError) -> (sockaddr_un, socklen_t) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var bytes = [UInt8](text.utf8)
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        let isAbstract = bytes.first == UInt8(ascii: "@")
        // A path needs its NUL, an abstract name does not: its length says where it ends.
        guard isAbstract || bytes.first == UInt8(ascii: "/"), !bytes.contains(0),
            bytes.count <= (isAbstract ? capacity : capacity - 1)
        else {
            throw SystemdError(
                .badAddress,
                "the socket address \"\(text)\" is not an absolute path or @name of at most \(capacity) bytes")
        }
        if isAbstract { bytes[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let header = MemoryLayout<sockaddr_un>.size - capacity
        return (address, socklen_t(header + bytes.count + (isAbstract ? 0 : 1)))
    }

    private static func failure(_ what: String, _ number: Int32) -> SystemdError {
        SystemdError(.notSent, "\(what): \(String(cString: strerror(number)))", errno: number)
    }
}
