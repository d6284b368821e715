import FactoryProtocol
import Glibc
import IO

/// What this process may mount.
package enum Privilege: String, Sendable, Hashable {
    /// Root of the machine: every mount, every device node.
    case root
    /// Root of a user namespace (user_namespaces(7)): overlayfs with `userxattr`, no device nodes.
    case userNamespace = "user-namespace"
    /// Neither.
    case none

    /// What this process is now.
    package static func current() throws(ImageError) -> Privilege {
        guard geteuid() == 0 else { return .none }
        let map = try ImageError.wrapping { () throws(IOError) in
            try FileIO.readText("/proc/self/uid_map", limit: 65536)
        }
        let numbers = map.split { $0 == " " || $0 == "\n" || $0 == "\t" }
        // The whole range, mapped to itself: the initial namespace (user_namespaces(7), "uid_map").
        return numbers == ["0", "0", "4294967295"] ? .root : .userNamespace
    }

    /// The same, but it is an error to be neither.
    static func required(for what: String) throws(ImageError) -> Privilege {
        let privilege = try current()
        guard privilege != .none else {
            throw ImageError(
                .notPrivileged, .worker, "\(what) needs root or a user namespace: start the job by factory-worker")
        }
        return privilege
    }
}
