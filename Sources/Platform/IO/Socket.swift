import CLinux
import Glibc

/// A connected stream socket, Unix or TCP, bare or under TLS.
///
/// One task may read while another writes; two that write at once would mix their bytes, so the owner lets one write
/// at a time. The descriptor is closed when the last reference goes; `shutdown` ends it earlier for all its users.
package final class Socket: Sendable {
    private let descriptor: Descriptor
    private let transport: any Transport

    /// A connected socket over `transport`, the bare one unless told otherwise.
    package init(_ descriptor: Descriptor, transport: (any Transport)? = nil) {
        self.descriptor = descriptor
        self.transport = transport ?? PlainTransport()
    }

    /// The number, for what has no method here.
    package var rawValue: Int32 { descriptor.rawValue }

    /// Connects to the Unix socket at `path`.
    ///
    /// - Throws: `.notFound`, `.refused` (the file is there, nobody listens), `.notPermitted`, `.timedOut`.
    package static func connect(unix path: String, until deadline: Deadline) async throws(IOError) -> Socket {
        try await connect(to: .unix(path), until: deadline)
    }

    /// Connects to `host:port`, trying each address of a name in turn.
    package static func connect(tcp text: String, until deadline: Deadline) async throws(IOError) -> Socket {
        var failure = IOError(.notFound, "\(text) has no address")
        for address in try await SocketAddress.resolve(text, until: deadline) {
            do throws(IOError) {
                return try await connect(to: address, until: deadline)
            } catch {
                if error.code == .cancelled || deadline.hasPassed { throw error }
                failure = error
            }
        }
        throw failure
    }

    /// Connects to an address.
    package static func connect(to address: SocketAddress, until deadline: Deadline) async throws(IOError) -> Socket {
        let descriptor = try open(address.family)
        while true {
            if address.withSockaddr({ Glibc.connect(descriptor.rawValue, $0, $1) }) == 0 { break }
            let number = errno
            if number == EINPROGRESS || number == EINTR {
                try await descriptor.wait(.write, until: deadline)
                let outcome = try option(SO_ERROR, of: descriptor)
                if outcome != 0 { throw IOError(system: outcome, "connect", "to \(address)") }
                break
            }
            // A Unix listener whose queue is full says EAGAIN, and nothing wakes one that waits for it (connect(2)).
            guard number == EAGAIN, !deadline.hasPassed else {
                throw IOError(system: number, "connect", "to \(address)")
            }
            try await Poller.shared.sleep(until: min(deadline, .in(.milliseconds(20))))
        }
        if address.family != AF_UNIX { disableDelay(descriptor) }
        return Socket(descriptor)
    }

    /// Two connected Unix sockets.
    package static func pair() throws(IOError) -> (Socket, Socket) {
        var ends: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw IOError(system: errno, "socketpair", "") }
        return (Socket(Descriptor(ready: ends[0])), Socket(Descriptor(ready: ends[1])))
    }

    /// Reads what is there, at least one byte and at most `count`; empty when the peer has finished.
    package func read(upTo count: Int, until deadline: Deadline) async throws(IOError) -> [UInt8] {
        while true {
            var bytes: [UInt8] = []
            switch try receive(upTo: count, into: &bytes) {
            case .done: return bytes
            case .waits(let readiness): try await descriptor.wait(readiness, until: deadline)
            }
        }
    }

    /// Writes all of `bytes`; returns when the kernel has them.
    package func write(_ bytes: [UInt8], until deadline: Deadline) async throws(IOError) {
        var done = 0
        while done < bytes.count {
            switch try send(bytes, from: done) {
            case .done(let count): done += count
            case .waits(let readiness): try await descriptor.wait(readiness, until: deadline)
            }
        }
    }

    /// Writes all of `bytes`, however long it takes, as long as the peer takes some of them every `stall`.
    package func write(_ bytes: [UInt8], stall: Duration) async throws(IOError) {
        var done = 0
        while done < bytes.count {
            switch try send(bytes, from: done) {
            case .done(let count): done += count
            case .waits(let readiness): try await descriptor.wait(readiness, until: .in(stall))
            }
        }
    }

    /// Sends that range of an open regular file, without copying it through this process where the transport allows.
    ///
    /// A peer that takes no byte for `stall`, or fewer than `floor` bytes a second on average, ends the transfer with
    /// `.timedOut`. A file that has become shorter than the range ends it with `.wrongKind`. `threads` wait for the disk.
    package func sendFile(
        _ file: Descriptor, _ range: Range<Int>, stall: Duration, floor: Int, threads: BlockingThreads = .disk
    ) async throws(IOError) {
        var at = range.lowerBound
        let begin = Deadline.in(stall)
        func next() -> Deadline {
            min(.in(stall), begin.advanced(by: .seconds(1) * ((at - range.lowerBound) / floor)))
        }
        while at < range.upperBound {
            guard !Task.isCancelled else { throw IOError(.cancelled, "sending to socket \(rawValue)") }
            let place = at
            if transport.isPlain {
                let most = min(range.upperBound - at, 1 << 20)
                switch try await threads.run({ () throws(IOError) in try self.sendPages(file, at: place, upTo: most) })
                {
                case .done(0):
                    throw IOError(.wrongKind, "the file ends at byte \(at), before the promised \(range.upperBound)")
                case .done(let count): at += count
                case .waits(let readiness): try await descriptor.wait(readiness, until: next())
                }
            } else {
                let most = min(range.upperBound - at, 256 << 10)
                let bytes = try await threads.run { () throws(IOError) in
                    try FileIO.read(file, at: place, upTo: most)
                }
                guard !bytes.isEmpty else {
                    throw IOError(.wrongKind, "the file ends at byte \(at), before the promised \(range.upperBound)")
                }
                try await write(bytes, until: next())
                at += bytes.count
            }
        }
    }

    /// One sendfile(2): waits for the file's pages, never for the peer. Zero bytes are sent at the end of the file.
    private func sendPages(_ file: Descriptor, at place: Int, upTo most: Int) throws(IOError) -> TransportStep {
        while true {
            var offset = off_t(place)
            let count = sendfile(descriptor.rawValue, file.rawValue, &offset, most)
            if count >= 0 { return .done(count) }
            if errno == EAGAIN { return .waits(.write) }
            if errno != EINTR { throw IOError(system: errno, "sendfile", "to socket \(rawValue)") }
        }
    }

    /// Tells the peer that nothing more comes; reading goes on.
    package func finishWriting() {
        transport.finish(descriptor.rawValue)
    }

    /// Ends both directions for every task that uses the socket: their reads end, their writes fail with `.peerGone`.
    package func shutdown() {
        // Fails only when the connection has ended already.
        Glibc.shutdown(descriptor.rawValue, Int32(SHUT_RDWR))
    }

    /// Waits until the peer has closed its sending side or is gone, without reading anything.
    package func waitForHangup(until deadline: Deadline) async throws(IOError) {
        try await descriptor.wait(.hangup, until: deadline)
    }

    /// Who is at the other end of a Unix socket.
    package func peerCredentials() throws(IOError) -> PeerCredentials {
        try PeerCredentials(of: descriptor.rawValue)
    }

    /// Our own address; a Unix client has an empty one.
    package func localAddress() throws(IOError) -> SocketAddress {
        try SocketAddress.asked(getsockname, descriptor.rawValue)
    }

    /// The peer's address; a Unix client has an empty one.
    package func peerAddress() throws(IOError) -> SocketAddress {
        try SocketAddress.asked(getpeername, descriptor.rawValue)
    }

    /// The buffer lives for one call, so that idle connections own none.
    private func receive(upTo count: Int, into bytes: inout [UInt8]) throws(IOError) -> TransportStep {
        let step = withUnsafeTemporaryAllocation(byteCount: count, alignment: 16) {
            buffer -> Result<TransportStep, IOError> in
            do throws(IOError) {
                let step = try transport.receive(into: buffer, from: descriptor.rawValue)
                if case .done(let count) = step { bytes = Array(buffer.prefix(count)) }
                return .success(step)
            } catch {
                return .failure(error)
            }
        }
        return try step.get()
    }

    private func send(_ bytes: [UInt8], from start: Int) throws(IOError) -> TransportStep {
        let step = bytes.withUnsafeBytes { all -> Result<TransportStep, IOError> in
            do throws(IOError) {
                return .success(
                    try transport.send(UnsafeRawBufferPointer(rebasing: all[start...]), to: descriptor.rawValue))
            } catch {
                return .failure(error)
            }
        }
        return try step.get()
    }

    static var kind: Int32 { Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue) }

    static func open(_ family: Int32) throws(IOError) -> Descriptor {
        let number = socket(family, kind, 0)
        guard number >= 0 else { throw IOError(system: errno, "socket", "of family \(family)") }
        return Descriptor(ready: number)
    }

    static func option(_ name: Int32, of descriptor: Descriptor) throws(IOError) -> Int32 {
        var value: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(descriptor.rawValue, SOL_SOCKET, name, &value, &size) == 0 else {
            throw IOError(system: errno, "getsockopt \(name)", "of socket \(descriptor.rawValue)")
        }
        return value
    }

    /// Small frames leave at once (TCP_NODELAY, tcp(7)); it is only a matter of speed, so a failure is no failure.
    static func disableDelay(_ descriptor: Descriptor) {
        var on: Int32 = 1
        setsockopt(descriptor.rawValue, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }
}
