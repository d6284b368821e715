import Crypto
import FactoryProtocol
import Glibc
import IO

/// Package indexes kept between jobs, so that a refresh only fetches what changed: `DIRECTORY/<key>/`, one set a base.
///
/// A job works on a copy of hard links: apt puts a new file in the place of an old one and changes none.
struct PackageIndexes: Sendable {
    /// Where the sets are.
    let directory: String
    /// Which set: everything that says where indexes come from.
    let key: String

    /// A name for the set of a base on a machine.
    static func key(_ parts: [String]) -> String { SHA256.hex(of: parts.joined(separator: "\n")) }

    /// Fills a directory with the kept set.
    func copy(to target: String) throws(IOError) {
        try Directory.make(target + "/partial")
        try link(from: directory + "/" + key, to: target)
    }

    /// Keeps a set in place of the old one, by one rename.
    func keep(_ source: String) throws(IOError) {
        // Every job is process 2 of its own namespace, so that only chance tells two apart.
        let draft = "\(directory)/.\(key).\(String(UInt64.random(in: .min ... .max), radix: 36))"
        let place = directory + "/" + key
        try Directory.remove(draft)
        try Directory.make(draft)
        try link(from: source, to: draft)
        // A directory cannot be renamed over a full one: the old set steps aside first. Another job that looks in
        // between finds no set and fetches everything, which is only slower.
        let old = draft + ".old"
        if try FileIO.status(place) != nil, rename(place, old) != 0, errno != ENOENT {
            throw IOError(system: errno, "rename", place)
        }
        if rename(draft, place) != 0 {
            // Another job was faster; its set is as good.
            guard errno == EEXIST || errno == ENOTEMPTY else { throw IOError(system: errno, "rename", draft) }
            try Directory.remove(draft)
        }
        try Directory.remove(old)
    }

    private func link(from source: String, to target: String) throws(IOError) {
        guard try FileIO.status(source)?.kind == .directory else { return }
        for entry in try Directory.entries(source) where entry.kind == .file && entry.name != "lock" {
            let result = Glibc.link(source + "/" + entry.name, target + "/" + entry.name)
            // ENOENT: the set was just replaced by another job.
            guard result == 0 || errno == EEXIST || errno == ENOENT else {
                throw IOError(system: errno, "link", source + "/" + entry.name)
            }
        }
    }
}
