import Glibc
import Testing

/// A datagram socket as systemd or the journal would hold it; receiving gives up after five seconds.
final class Receiver: Sendable {
    let address: String
    let descriptor: Int32
    private let directory: String?

    /// A socket at a path in a directory of its own.
    static func atPath() throws -> Receiver {
        var template = [CChar]("/tmp/sdXXXXXX".utf8CString)
        let made = mkdtemp(&template)
        try #require(made != nil)
        let directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return try Receiver(directory + "/notify", directory: directory)
    }

    /// A socket in the abstract name space, `@…`.
    static func abstract() throws -> Receiver {
        try Receiver("@factory-test-\(getpid())-\(UInt64.random(in: 0...UInt64.max))", directory: nil)
    }

    private init(_ address: String, directory: String?) throws {
        self.address = address
        self.directory = directory
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        try #require(descriptor >= 0)
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        var bytes = [UInt8](address.utf8)
        if directory == nil { bytes[0] = 0 }
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: bytes) }
        let length = socklen_t(2 + bytes.count + (directory == nil ? 0 : 1))
        let bound = withUnsafeBytes(of: name) {
            bind(descriptor, $0.assumingMemoryBound(to: sockaddr.self).baseAddress, length)
        }
        try #require(bound == 0)
        var limit = timeval(tv_sec: 5, tv_usec: 0)
        try #require(
            setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size)) == 0)
    }

    func receive() throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        try #require(count >= 0, "nothing came within 5 s")
        return [UInt8](bytes.prefix(count))
    }

    func receiveText() throws -> String { String(decoding: try receive(), as: UTF8.self) }

    deinit {
        close(descriptor)
        if let directory {
            unlink(directory + "/notify")
            rmdir(directory)
        }
    }
}
