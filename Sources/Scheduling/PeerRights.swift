import Glibc
package import IO

/// What a peer may do.
package struct PeerRights: OptionSet, Sendable {
    package let rawValue: Int
    package init(rawValue: Int) { self.rawValue = rawValue }

    /// See builds, jobs, workers and artifacts.
    package static let read = PeerRights(rawValue: 1)
    /// Hand in builds, end and retry them.
    package static let submit = PeerRights(rawValue: 2)
    /// Run jobs.
    package static let work = PeerRights(rawValue: 4)
    /// Drain workers.
    package static let administer = PeerRights(rawValue: 8)

    /// Everything.
    package static let all: PeerRights = [.read, .submit, .work, .administer]
}

/// Who has which rights, by what the kernel says of a Unix socket's peer (SO_PEERCRED, unix(7)).
package struct PeerPolicy: Sendable {
    /// Members administer, submit and read.
    package var adminGroups: Set<UInt32> = []
    /// Members submit and read.
    package var userGroups: Set<UInt32> = []
    /// These users work.
    package var workers: Set<UInt32> = []
    /// The daemon's own user: it could read the database anyway.
    package var ownUser: UInt32 = getuid()
    /// What a TCP peer may do: nothing is proven there, so it is empty unless loopback TCP was asked for.
    package var tcp: PeerRights = []

    /// A policy that knows root and the daemon's own user.
    package init() {}

    /// The rights of a user with these groups.
    package func rights(user: UInt32, groups: [UInt32]) -> PeerRights {
        if user == 0 || user == ownUser { return .all }
        var rights: PeerRights = []
        if groups.contains(where: userGroups.contains) { rights.formUnion([.read, .submit]) }
        if groups.contains(where: adminGroups.contains) { rights.formUnion([.read, .submit, .administer]) }
        if workers.contains(user) { rights.formUnion(.work) }
        return rights
    }
}

extension PeerPolicy {
    /// What the peer of a connected socket may do.
    ///
    /// - Throws: ``IOError`` when the kernel does not say who it is.
    package func rights(of socket: Socket) throws(IOError) -> PeerRights {
        guard try socket.localAddress().path != nil else { return tcp }
        return try Peer.credentials(of: socket, self).rights
    }
}

/// Who a peer is.
struct Peer: Sendable {
    /// Its user's number; nil over TCP.
    let user: UInt32?
    /// Its user's name, `uid 1000` when it has none, `tcp` over TCP.
    let name: String
    /// Whether that is the name for good. While the user database does not answer, `uid 1000` stands for any name.
    let isNamed: Bool
    let rights: PeerRights

    /// Asks the kernel for the user's number and rights; nothing here waits for a user database.
    static func credentials(of socket: Socket, _ policy: PeerPolicy) throws(IOError) -> (
        user: UInt32, rights: PeerRights
    ) {
        let credentials = try socket.peerCredentials()
        let groups = [credentials.group] + supplementaryGroups(of: socket.rawValue)
        return (credentials.user, policy.rights(user: credentials.user, groups: groups))
    }

    /// The peer's other groups when it connected (SO_PEERGROUPS, socket(7)); none where the kernel cannot say.
    private static func supplementaryGroups(of descriptor: Int32) -> [UInt32] {
        // 59 in include/uapi/asm-generic/socket.h; the C library's headers of the oldest supported release lack it.
        let peerGroups: Int32 = 59
        var groups = [gid_t](repeating: 0, count: 256)
        var size = socklen_t(groups.count * MemoryLayout<gid_t>.size)
        var rc = getsockopt(descriptor, SOL_SOCKET, peerGroups, &groups, &size)
        if rc != 0, errno == ERANGE {
            groups = [gid_t](repeating: 0, count: Int(size) / MemoryLayout<gid_t>.size)
            rc = getsockopt(descriptor, SOL_SOCKET, peerGroups, &groups, &size)
        }
        return rc == 0 ? Array(groups.prefix(Int(size) / MemoryLayout<gid_t>.size)) : []
    }
}
