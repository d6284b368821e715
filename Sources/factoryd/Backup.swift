import Arguments
import FactoryQueue
import Glibc
import IO

/// `factoryd --backup FILE`: a copy of the queue's database, also of a farm that runs.
enum Backup {
    /// For the command line alone.
    static let option = Option.value(
        "backup", "FILE",
        help:
            "Write a copy of the queue's database to FILE, in place of an older copy, and end. The farm may run meanwhile. "
            + "Artifacts and logs are not in it.", accepts: .something, completion: .files)

    /// Writes a copy of the queue of the farm in `places` to `path`, whole or not at all.
    ///
    /// - Throws: ``IOError``, ``QueueError``; an older copy at `path` stays then.
    static func write(_ places: Places, to path: String) throws {
        guard try FileIO.status(places.database) != nil else {
            throw IOError(
                .notFound, "there is no database at \(places.database): name the farm by --root, --state or --config")
        }
        let directory = FileIO.parent(path)
        guard let target = try FileIO.status(directory + "/."), target.kind == .directory else {
            throw IOError(.notFound, "\(path) cannot be written: there is no directory \(directory)")
        }
        let own = try FileIO.status(places.state + "/.")
        let name = path.split(separator: "/").last.map(String.init) ?? ""
        if target.device == own?.device, target.inode == own?.inode, places.ownFiles.contains(name) {
            throw IOError(.exists, "\(path) is a file of the farm itself: give the copy another name")
        }
        // Who may read the queue may read the copy, and nobody else.
        umask(0o077)
        try JobStore.backup(places.database, to: path)
        try FileIO.syncDirectory(directory)
    }
}
