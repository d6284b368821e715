import Glibc
import IO

/// A TCP port of this machine that is taken and refuses every connection, as long as this lives.
final class BoundPort: Sendable {
    let number: UInt16
    private let descriptor: Int32

    init() throws {
        let endpoint = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        descriptor = endpoint
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(endpoint, $0, size) == 0 && getsockname(endpoint, $0, &size) == 0
            }
        }
        guard bound else { throw IOError(system: errno, "bind", "a port of 127.0.0.1") }
        number = UInt16(bigEndian: address.sin_port)
    }

    deinit { close(descriptor) }
}
