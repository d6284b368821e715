import CLinux
import Glibc

/// Who is at the other end of a Unix socket, as the kernel knows it (SO_PEERCRED, unix(7)).
package struct PeerCredentials: Sendable, Hashable {
    /// The process that connected.
    package let process: Int32
    /// Its user at that moment.
    package let user: UInt32
    /// Its main group at that moment.
    package let group: UInt32

    /// Asks the kernel.
    init(of descriptor: Int32) throws(IOError) {
        var (process, user, group) = (pid_t(0), uid_t(0), gid_t(0))
        guard linux_peer_credentials(descriptor, &process, &user, &group) == 0 else {
            throw IOError(system: errno, "getsockopt SO_PEERCRED", "of socket \(descriptor)")
        }
        (self.process, self.user, self.group) = (process, user, group)
    }
}
