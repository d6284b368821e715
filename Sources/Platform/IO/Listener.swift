import CLinux
import Glibc

/// A listening socket, Unix or TCP.
package final class Listener: Sendable {
    /// Where it listens; with port 0 asked for, the port that the kernel chose.
    package let address: SocketAddress
    private let descriptor: Descriptor
    private let lock: LockFile?

    /// How many connections may wait to be accepted; the kernel's own limit (somaxconn) applies as well.
    private static let backlog: Int32 = 512

    /// The longest path that can be listened at, in bytes: the other name that it has at first adds two.
    package static let maximumPathBytes = SocketAddress.maximumPathBytes - 2

    /// Listens at `path`.
    ///
    /// `path.lock` is locked for as long as the listener lives, so that a second one is refused while this one lives
    /// and the socket file of one that was killed is replaced safely. The socket is made under another name,
    /// gets its mode and group (ours when nil), and is renamed: it is never there with other rights. To connect, a
    /// peer needs write permission. `path` has at most ``maximumPathBytes``.
    /// - Throws: `.locked` with the process that has it, `.wrongKind` when something else than a socket is at `path`.
    package static func unix(_ path: String, mode: UInt32 = 0o600, group: UInt32? = nil) throws(IOError) -> Listener {
        let lock = try LockFile.acquire(path + ".lock")
        let address = try SocketAddress.unix(path)
        if let there = try FileIO.status(path), there.kind != .socket {
            throw IOError(.wrongKind, "\(path) is no socket but a \(there.kind): not replaced")
        }
        let unfinished = path + ".n"
        let made = try SocketAddress.unix(unfinished)
        try FileIO.removeFile(unfinished)
        let descriptor = try Socket.open(AF_UNIX)
        guard made.withSockaddr({ bind(descriptor.rawValue, $0, $1) }) == 0 else {
            throw IOError(system: errno, "bind", "to \(path)")
        }
        // Nobody can connect before listen, so the rights are set first.
        if let group, chown(unfinished, uid_t.max, group) != 0 {
            throw IOError(system: errno, "chown", "of \(path) to group \(group)")
        }
        guard chmod(unfinished, mode) == 0 else { throw IOError(system: errno, "chmod", "of \(path)") }
        guard listen(descriptor.rawValue, backlog) == 0 else { throw IOError(system: errno, "listen", "at \(path)") }
        guard rename(unfinished, path) == 0 else { throw IOError(system: errno, "rename", "\(unfinished) to \(path)") }
        return Listener(descriptor, address, lock)
    }

    /// Listens at an IP address and port, as `127.0.0.1:0`.
    ///
    /// - Throws: `.addressInUse`, `.badAddress`, `.notPermitted`.
    package static func tcp(_ text: String) throws(IOError) -> Listener {
        let address = try SocketAddress.tcp(text)
        let descriptor = try Socket.open(address.family)
        // A restarted daemon gets its port back although old connections linger in TIME_WAIT (tcp(7)).
        var on: Int32 = 1
        setsockopt(descriptor.rawValue, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        guard address.withSockaddr({ bind(descriptor.rawValue, $0, $1) }) == 0 else {
            throw IOError(system: errno, "bind", "to \(text)")
        }
        guard listen(descriptor.rawValue, backlog) == 0 else { throw IOError(system: errno, "listen", "at \(text)") }
        return Listener(descriptor, try SocketAddress.asked(getsockname, descriptor.rawValue), nil)
    }

    /// Takes over a socket that listens already, as systemd hands it over.
    ///
    /// - Throws: `.wrongKind` when it is no listening stream socket.
    package static func adopting(_ descriptor: Descriptor) throws(IOError) -> Listener {
        guard try Socket.option(SO_ACCEPTCONN, of: descriptor) == 1,
            try Socket.option(SO_TYPE, of: descriptor) == Int32(SOCK_STREAM.rawValue)
        else { throw IOError(.wrongKind, "descriptor \(descriptor.rawValue) is no listening stream socket") }
        return Listener(descriptor, try SocketAddress.asked(getsockname, descriptor.rawValue), nil)
    }

    private init(_ descriptor: Descriptor, _ address: SocketAddress, _ lock: LockFile?) {
        self.descriptor = descriptor
        self.address = address
        self.lock = lock
    }

    /// Waits for the next connection.
    ///
    /// While the process has no descriptor left, it tries again every 100 ms: the connection waits in the queue.
    /// - Throws: `.timedOut`, `.cancelled`, `.closed` after `close`.
    package func accept(until deadline: Deadline) async throws(IOError) -> Socket {
        while true {
            // Under the descriptor's lock, because `close` may come from another task.
            let (number, failure) = descriptor.withNumber { (linux_accept($0), errno) }
            if number >= 0 {
                let connection = Descriptor(ready: number)
                if address.family != AF_UNIX { Socket.disableDelay(connection) }
                return Socket(connection)
            }
            switch failure {
            case EAGAIN: try await descriptor.wait(.read, until: deadline)
            case EINTR: continue
            case EMFILE, ENFILE, ENOBUFS, ENOMEM:
                guard !deadline.hasPassed else { throw IOError(system: failure, "accept4", "at \(address)") }
                try await Poller.shared.sleep(until: min(deadline, .in(.milliseconds(100))))
            // Errors of the connection that was to be accepted, not of the listener (accept(2)).
            case ECONNABORTED, ENETDOWN, EPROTO, ENOPROTOOPT, EHOSTDOWN, ENONET, EHOSTUNREACH, EOPNOTSUPP, ENETUNREACH,
                EPERM, ETIMEDOUT:
                continue
            default: throw IOError(system: failure, "accept4", "at \(address)")
            }
        }
    }

    /// Stops listening: new connections are refused, `accept` ends with `.closed`, the socket file of ours is removed.
    package func close() {
        if lock != nil, let path = address.path {
            // Held by our lock, so it is ours; when it cannot be removed the next listener replaces it.
            unlink(path)
        }
        descriptor.close()
        lock?.release()
    }
}
