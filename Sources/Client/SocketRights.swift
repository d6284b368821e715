import Glibc
import IO

/// Who may open a socket, as its file says.
struct SocketRights: Sendable, Equatable {
    /// The owner's name, or number where there is none.
    let owner: String
    /// The group whose members may open it; nil when the mode gives the group nothing.
    let group: String?

    /// Looks at the file at `path`, or where its directory is closed to us at the nearest one above that is not hidden; nil
    /// when nothing can be looked at. Blocks: names come from the user database.
    init?(of path: String) {
        var status = stat()
        var place = path
        while stat(place, &status) != 0 {
            guard errno == EACCES, place != "/" else { return nil }
            place = FileIO.parent(place)
        }
        var buffer = [CChar](repeating: 0, count: 64 << 10)
        var user = passwd()
        var foundUser: UnsafeMutablePointer<passwd>?
        let hasUser =
            getpwuid_r(status.st_uid, &user, &buffer, buffer.count, &foundUser) == 0 && foundUser != nil
        owner = hasUser ? String(cString: user.pw_name) : "user \(status.st_uid)"
        // To connect, write permission is needed (unix(7)).
        guard place == path, status.st_mode & S_IWGRP != 0 else {
            group = nil
            return
        }
        var record = Glibc.group()
        var foundGroup: UnsafeMutablePointer<Glibc.group>?
        let hasGroup =
            getgrgid_r(status.st_gid, &record, &buffer, buffer.count, &foundGroup) == 0 && foundGroup != nil
        group = hasGroup ? String(cString: record.gr_name) : "\(status.st_gid)"
    }
}
